//! The code that says what the type looks like.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Result, Type};

use crate::attr::{FieldInfo, Role, doc_of, is_option, role_of};
use crate::expand::generics_with;

/// `impl Shaped`.
pub(crate) fn shaped(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let Data::Struct(data) = &input.data else { return Ok(quote!()) };
    let body = match &data.fields {
        Fields::Unnamed(fields) => {
            let Some(field) = fields.unnamed.first() else { return Ok(quote!()) };
            let shape = of_type(&field.ty, &role_of(&field.ty));
            quote!((#shape)())
        }
        fields => {
            let (text, doc) = (name.to_string(), doc_of(&input.attrs));
            let mut steps = TokenStream::new();
            for field in fields {
                let Some(name) = &field.ident else { continue };
                steps.extend(step(&FieldInfo::of(field, name)?));
            }
            quote!(__p::Shape::Struct(|| __p::StructShape::new(#text, #doc) #steps .finish()))
        }
    };
    let (_, types, wheres) = input.generics.split_for_impl();
    let bounded = generics_with(input, quote!(__p::Shaped), false);
    let (bounded, _, _) = bounded.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #bounded __p::Shaped for #name #types #wheres {
            fn shape() -> __p::Shape {
                #body
            }
        }
    })
}

/// One field, as a call of the builder's.
fn step(field: &FieldInfo<'_>) -> TokenStream {
    let FieldInfo { ty, key, doc, .. } = field;
    let shape = of_type(ty, &field.role);
    let mut step = match field.role {
        Role::Skip => return TokenStream::new(),
        Role::Rest => return quote!(.keeps_rest()),
        Role::Embed => return quote!(.embed(#shape)),
        _ => quote!(.field(#key, #doc, #shape)),
    };
    if field.omit_empty {
        step.extend(quote!(.omit_empty()));
    }
    if field.nil_when_empty {
        step.extend(quote!(.nil_when_empty()));
    }
    step
}

/// A function that gives the shape of a field, as an expression.
fn of_type(ty: &Type, role: &Role) -> TokenStream {
    match role {
        Role::Bytes if is_option(ty) => quote!(|| __p::Shape::Optional(|| __p::Shape::Bytes)),
        Role::Bytes => quote!(|| __p::Shape::Bytes),
        Role::Text => quote!(|| __p::Shape::Text),
        Role::With(path) => quote!(#path::shape::<#ty>),
        Role::Plain | Role::Embed | Role::Skip | Role::Rest => quote!(<#ty as __p::Shaped>::shape),
    }
}
