//! The code that the derive makes.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{
    Data, DeriveInput, Error, Fields, GenericParam, Generics, Lifetime, LifetimeParam, Result, Token, TypeParam,
    TypeParamBound, parse_quote,
};

use crate::attr::{FieldInfo, Role, role_of};
use crate::shape;

pub(crate) fn wire(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "only structures have fields to write"));
    };
    let body = match &data.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => transparent(input, &fields.unnamed[0].ty),
        Fields::Unnamed(fields) => return Err(Error::new_spanned(fields, "fields need names to have keys")),
        Fields::Unit => Structure { input, fields: Vec::new() }.expand(),
        Fields::Named(fields) => {
            let fields = fields.named.iter().filter_map(|field| Some(FieldInfo::of(field, field.ident.as_ref()?)));
            Structure { input, fields: fields.collect::<Result<_>>()? }.expand()
        }
    };
    let shape = shape::shaped(input)?;
    Ok(quote! {
        #[allow(clippy::all, unused_qualifications)]
        const _: () = {
            use ::proconsul_msgpack::__private as __p;
            use __p::serde as __serde;
            #body
            #shape
        };
    })
}

/// The input's generics with a bound on each type parameter, and `'de` that outlives each lifetime if `de` is asked for.
pub(crate) fn generics_with(input: &DeriveInput, bound: TokenStream, de: bool) -> Generics {
    let mut generics = input.generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.extend(bounds(&bound));
        }
    }
    if de {
        let mut lifetime = LifetimeParam::new(Lifetime::new("'de", proc_macro2::Span::call_site()));
        lifetime.bounds.extend(input.generics.lifetimes().map(|param| param.lifetime.clone()));
        generics.params.insert(0, GenericParam::Lifetime(lifetime));
    }
    generics
}

/// A generic parameter where it is used.
fn argument(param: &GenericParam) -> TokenStream {
    match param {
        GenericParam::Lifetime(param) => param.lifetime.to_token_stream(),
        GenericParam::Type(param) => param.ident.to_token_stream(),
        GenericParam::Const(param) => param.ident.to_token_stream(),
    }
}

/// `A + B` as bounds.
fn bounds(tokens: &TokenStream) -> Punctuated<TypeParamBound, Token![+]> {
    let param: TypeParam = parse_quote!(T: #tokens);
    param.bounds
}

/// A structure of one unnamed field is that field.
fn transparent(input: &DeriveInput, ty: &syn::Type) -> TokenStream {
    let name = &input.ident;
    let (_, types, wheres) = input.generics.split_for_impl();
    let ser = generics_with(input, quote!(__serde::Serialize), false);
    let de = generics_with(input, quote!(__serde::Deserialize<'de>), true);
    let (ser, _, _) = ser.split_for_impl();
    let (de, _, _) = de.split_for_impl();
    let (write, read) = match role_of(ty) {
        Role::Bytes => (quote!(&__p::WriteBytes(&self.0)), quote!(__p::ReadBytes<#ty>)),
        Role::Text => (quote!(&self.0), quote!(__p::ReadText)),
        _ => (quote!(&self.0), quote!(__Own<#ty>)),
    };
    quote! {
        #[automatically_derived]
        impl #ser __serde::Serialize for #name #types #wheres {
            fn serialize<__S: __serde::Serializer>(&self, serializer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                __serde::Serialize::serialize(#write, serializer)
            }
        }
        #[automatically_derived]
        impl #de __serde::Deserialize<'de> for #name #types #wheres {
            fn deserialize<__D: __serde::Deserializer<'de>>(deserializer: __D) -> ::core::result::Result<Self, __D::Error> {
                #[allow(dead_code)]
                struct __Own<T>(T);
                impl<'de, T: __serde::Deserialize<'de>> __serde::Deserialize<'de> for __Own<T> {
                    fn deserialize<D: __serde::Deserializer<'de>>(deserializer: D) -> ::core::result::Result<Self, D::Error> {
                        T::deserialize(deserializer).map(Self)
                    }
                }
                let inner: #read = __serde::Deserialize::deserialize(deserializer)?;
                ::core::result::Result::Ok(Self(inner.0))
            }
        }
    }
}

/// A structure with named fields, or none.
struct Structure<'a> {
    input: &'a DeriveInput,
    fields: Vec<FieldInfo<'a>>,
}

impl Structure<'_> {
    /// The fields that are on the wire.
    fn wired(&self) -> impl Iterator<Item = &FieldInfo<'_>> {
        self.fields.iter().filter(|field| !matches!(field.role, Role::Skip | Role::Rest))
    }

    /// Runs of fields of its own, each followed by an embedded one, if any.
    fn runs(&self) -> Vec<(Vec<&FieldInfo<'_>>, Option<&FieldInfo<'_>>)> {
        let mut runs = vec![(Vec::new(), None)];
        for field in self.wired() {
            let last = runs.len() - 1;
            if matches!(field.role, Role::Embed) {
                runs[last].1 = Some(field);
                runs.push((Vec::new(), None));
            } else {
                runs[last].0.push(field);
            }
        }
        runs
    }

    fn has_embedded(&self) -> bool {
        self.wired().any(|field| matches!(field.role, Role::Embed))
    }

    fn expand(&self) -> TokenStream {
        let name = &self.input.ident;
        let text = name.to_string();
        let (_, types, wheres) = self.input.generics.split_for_impl();
        let ser = generics_with(self.input, quote!(__serde::Serialize + ::core::default::Default), false);
        let de = generics_with(
            self.input,
            quote!(__serde::Serialize + __serde::Deserialize<'de> + ::core::default::Default),
            true,
        );
        let (ser, _, _) = ser.split_for_impl();
        let (de, _, _) = de.split_for_impl();
        let keys = self.keys();
        let field_number = self.field_number();
        let present = self.present();
        let write_field = self.by_number(
            |field| self.write(field),
            |embedded| {
                let name = embedded.name;
                quote!(__p::Fields::write_field(&self.#name, number, out))
            },
            quote!(::core::result::Result::Ok(())),
        );
        let read_field = self.by_number(
            |field| self.read(field),
            |embedded| {
                let name = embedded.name;
                quote!(__p::ReadFields::read_field(&mut self.#name, number, from))
            },
            quote!(::core::result::Result::Ok(false)),
        );
        let write_all = self.write_all();
        let (keeps_rest, write_rest, read_struct) = self.rest();
        let read_struct_in_place = format_ident!("{read_struct}_in_place");
        quote! {
            #keeps_rest
            #[automatically_derived]
            impl #ser __p::Fields for #name #types #wheres {
                const KEYS: &'static __p::Keys = &__p::Keys::NONE #keys;
                #[inline]
                fn field_number(key: &[u8]) -> ::core::option::Option<usize> {
                    #field_number
                }
                #[inline]
                fn fields_present(&self) -> usize {
                    #present
                }
                #[inline]
                #[allow(unused_variables)]
                fn write_field<__S: __serde::ser::SerializeStruct>(
                    &self, number: usize, out: &mut __S,
                ) -> ::core::result::Result<(), __S::Error> {
                    #write_field
                }
            }
            #[automatically_derived]
            impl #de __p::ReadFields<'de> for #name #types #wheres {
                #[inline]
                #[allow(unused_variables)]
                fn read_field<__R: __p::ReadNext<'de>>(
                    &mut self, number: usize, from: &mut __R,
                ) -> ::core::result::Result<bool, __R::Error> {
                    #read_field
                }
            }
            #[automatically_derived]
            impl #ser __serde::Serialize for #name #types #wheres {
                fn serialize<__S: __serde::Serializer>(
                    &self, serializer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    #write_rest
                    #[allow(unused_mut)]
                    let mut state = __serde::Serializer::serialize_struct(
                        serializer, #text, __p::Fields::fields_present(self),
                    )?;
                    #[allow(unused_variables)]
                    let out = &mut state;
                    #write_all
                    __serde::ser::SerializeStruct::end(state)
                }
            }
            #[automatically_derived]
            impl #de __serde::Deserialize<'de> for #name #types #wheres {
                fn deserialize<__D: __serde::Deserializer<'de>>(
                    deserializer: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    __p::#read_struct(#text, deserializer)
                }
                fn deserialize_in_place<__D: __serde::Deserializer<'de>>(
                    deserializer: __D, place: &mut Self,
                ) -> ::core::result::Result<(), __D::Error> {
                    __p::#read_struct_in_place(#text, deserializer, place)
                }
            }
        }
    }

    /// For a structure that keeps what it does not know: that it does, how it then writes, and the function that reads it.
    fn rest(&self) -> (TokenStream, TokenStream, Ident) {
        let Some(field) = self.fields.iter().find(|field| matches!(field.role, Role::Rest)) else {
            return (quote!(), quote!(), format_ident!("read_struct"));
        };
        let (name, rest) = (&self.input.ident, field.name);
        let (_, types, wheres) = self.input.generics.split_for_impl();
        let bounded = generics_with(self.input, quote!(__serde::Serialize + ::core::default::Default), false);
        let (bounded, _, _) = bounded.split_for_impl();
        let keeps = quote! {
            #[automatically_derived]
            impl #bounded __p::KeepsRest for #name #types #wheres {
                fn rest(&self) -> &__p::Rest {
                    &self.#rest
                }
                fn rest_mut(&mut self) -> &mut __p::Rest {
                    &mut self.#rest
                }
            }
        };
        let write = quote! {
            if !self.#rest.is_empty() {
                return __p::write_with_rest(self, serializer);
            }
        };
        (keeps, write, format_ident!("read_with_rest"))
    }

    fn keys(&self) -> TokenStream {
        self.wired()
            .map(|field| match field.role {
                Role::Embed => {
                    let ty = field.ty;
                    quote!(.embed(<#ty as __p::Fields>::KEYS))
                }
                _ => {
                    let key = &field.key;
                    quote!(.key(#key))
                }
            })
            .collect()
    }

    /// Own keys first, by length and then by bytes; embedded structures are asked after that.
    fn field_number(&self) -> TokenStream {
        let mut by_len: BTreeMap<usize, Vec<TokenStream>> = BTreeMap::new();
        let mut embedded = Vec::new();
        let mut base = quote!(0usize);
        let mut number = 0usize;
        for field in self.wired() {
            if let Role::Embed = field.role {
                let ty = field.ty;
                embedded.push(quote! {
                    if let ::core::option::Option::Some(number) = <#ty as __p::Fields>::field_number(key) {
                        return ::core::option::Option::Some(number + #number + #base);
                    }
                });
                base = quote!(#base + <#ty as __p::Fields>::KEYS.len());
                continue;
            }
            let key = proc_macro2::Literal::byte_string(field.key.as_bytes());
            by_len.entry(field.key.len()).or_default().push(quote! {
                if key == #key {
                    return ::core::option::Option::Some(#number + #base);
                }
            });
            number += 1;
        }
        let arms = by_len.iter().map(|(len, tests)| quote!(#len => { #(#tests)* }));
        quote! {
            match key.len() {
                #(#arms)*
                _ => {}
            }
            #(#embedded)*
            ::core::option::Option::None
        }
    }

    fn present(&self) -> TokenStream {
        let own = self.wired().filter(|field| !matches!(field.role, Role::Embed) && !field.omit_empty).count();
        let rest = self.wired().filter_map(|field| {
            let name = field.name;
            match field.role {
                Role::Embed => Some(quote!(+ __p::Fields::fields_present(&self.#name))),
                _ if field.omit_empty => Some(quote!(+ usize::from(!__p::is_default(&self.#name)))),
                _ => None,
            }
        });
        quote!(#own #(#rest)*)
    }

    /// Finds the field with a number, through runs of own fields and embedded structures.
    fn by_number(
        &self,
        own: impl Fn(&FieldInfo<'_>) -> TokenStream,
        embedded: impl Fn(&FieldInfo<'_>) -> TokenStream,
        otherwise: TokenStream,
    ) -> TokenStream {
        let mut out = TokenStream::new();
        for (run, embed) in self.runs() {
            let arms = run.iter().enumerate().map(|(number, field)| {
                let code = own(field);
                quote!(#number => return #code,)
            });
            let len = run.len();
            if len > 0 {
                out.extend(quote! {
                    match number {
                        #(#arms)*
                        _ => {}
                    }
                    let number = number - #len;
                });
            }
            if let Some(field) = embed {
                let code = embedded(field);
                let ty = field.ty;
                out.extend(quote! {
                    if number < <#ty as __p::Fields>::KEYS.len() {
                        return #code;
                    }
                    let number = number - <#ty as __p::Fields>::KEYS.len();
                });
            }
        }
        quote!(#out #otherwise)
    }

    /// Straight through in sorted order; with embedded structures the order is known only to the compiler's constants.
    fn write_all(&self) -> TokenStream {
        if self.has_embedded() {
            return quote! {
                for number in <Self as __p::Fields>::ORDER.as_slice() {
                    __p::Fields::write_field(self, usize::from(*number), out)?;
                }
            };
        }
        let mut sorted: Vec<_> = self.wired().collect();
        sorted.sort_by(|a, b| a.key.as_bytes().cmp(b.key.as_bytes()));
        let writes = sorted.into_iter().map(|field| self.write(field));
        quote! {
            // Two fields with the same key do not compile.
            const { let _ = <Self as __p::Fields>::ORDER; }
            #(#writes?;)*
        }
    }

    /// Writes one field of its own, as an expression of type `Result<(), Error>`.
    fn write(&self, field: &FieldInfo<'_>) -> TokenStream {
        let FieldInfo { name, ty, key, .. } = field;
        let value = match &field.role {
            Role::Bytes => quote!(&__p::WriteBytes(&self.#name)),
            Role::With(path) => {
                let (generics, marker) = self.wrapper_generics(Some(quote!('__w)));
                let bounded = generics_with_params(&generics, quote!(__serde::Serialize + ::core::default::Default));
                let (_, types, wheres) = generics.split_for_impl();
                let (bounded, _, _) = bounded.split_for_impl();
                let own = self.input.generics.params.iter().map(argument);
                quote! {&{
                    struct __Write #bounded (&'__w #ty, ::core::marker::PhantomData<#marker>) #wheres;
                    impl #bounded __serde::Serialize for __Write #types #wheres {
                        fn serialize<__S: __serde::Serializer>(
                            &self, serializer: __S,
                        ) -> ::core::result::Result<__S::Ok, __S::Error> {
                            #path::serialize(self.0, serializer)
                        }
                    }
                    __Write::<'_, #(#own),*>(&self.#name, ::core::marker::PhantomData)
                }}
            }
            _ => quote!(&self.#name),
        };
        let write = quote!(__serde::ser::SerializeStruct::serialize_field(out, #key, #value));
        if field.omit_empty {
            return quote! {
                if __p::is_default(&self.#name) {
                    __serde::ser::SerializeStruct::skip_field(out, #key)
                } else {
                    #write
                }
            };
        }
        if field.nil_when_empty {
            return quote! {
                if self.#name.is_empty() {
                    __serde::ser::SerializeStruct::serialize_field(out, #key, &())
                } else {
                    #write
                }
            };
        }
        write
    }

    /// Reads one field of its own, as an expression of type `Result<bool, Error>`.
    fn read(&self, field: &FieldInfo<'_>) -> TokenStream {
        let FieldInfo { name, ty, .. } = field;
        let (prelude, wrapper) = match &field.role {
            Role::Bytes => (quote!(), quote!(__p::ReadBytes<#ty>)),
            Role::Text => (quote!(), quote!(__p::ReadText)),
            Role::With(path) => {
                let (generics, marker) = self.wrapper_generics(None);
                let bound = quote!(__serde::Serialize + ::core::default::Default);
                let bounded = generics_with_params(&generics, bound.clone());
                let mut reading = generics_with_params(&generics, quote!(#bound + __serde::Deserialize<'de>));
                let mut lifetime = LifetimeParam::new(Lifetime::new("'de", proc_macro2::Span::call_site()));
                lifetime.bounds.extend(generics.lifetimes().map(|param| param.lifetime.clone()));
                reading.params.insert(0, GenericParam::Lifetime(lifetime));
                let (_, types, wheres) = generics.split_for_impl();
                let turbofish = types.as_turbofish();
                let (bounded, _, _) = bounded.split_for_impl();
                let (reading, _, _) = reading.split_for_impl();
                let prelude = quote! {
                    struct __Read #bounded (#ty, ::core::marker::PhantomData<#marker>) #wheres;
                    impl #reading __serde::Deserialize<'de> for __Read #types #wheres {
                        fn deserialize<__D: __serde::Deserializer<'de>>(
                            deserializer: __D,
                        ) -> ::core::result::Result<Self, __D::Error> {
                            ::core::result::Result::Ok(Self(#path::deserialize(deserializer)?, ::core::marker::PhantomData))
                        }
                    }
                };
                (prelude, quote!(__Read #turbofish))
            }
            _ if field.nil_when_empty => (quote!(), quote!(__p::NilAsDefault<#ty>)),
            _ => return quote!(__p::ReadNext::next_into(from, &mut self.#name)),
        };
        let variable = format_ident!("value");
        quote! {{
            #prelude
            ::core::result::Result::Ok(match __p::ReadNext::next::<#wrapper>(from)? {
                ::core::option::Option::Some(#variable) => {
                    self.#name = #variable.0;
                    true
                }
                ::core::option::Option::None => false,
            })
        }}
    }

    /// The structure's generics for a wrapper inside a function, and a type that uses them all.
    fn wrapper_generics(&self, extra: Option<TokenStream>) -> (Generics, TokenStream) {
        let mut generics = self.input.generics.clone();
        let lifetimes: Vec<_> = generics.lifetimes().map(|param| param.lifetime.clone()).collect();
        let types: Vec<_> = generics.type_params().map(|param| param.ident.clone()).collect();
        if let Some(lifetime) = extra {
            generics.params.insert(0, parse_quote!(#lifetime));
            for ty in generics.type_params_mut() {
                ty.bounds.push(parse_quote!(#lifetime));
            }
        }
        (generics, quote!((#(&#lifetimes (),)* #(#types,)*)))
    }
}

fn generics_with_params(generics: &Generics, bound: TokenStream) -> Generics {
    let mut generics = generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.extend(bounds(&bound));
    }
    generics
}
