//! What is said about a field: its attribute, and what its type says by itself.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, ExprLit, Field, GenericArgument, Ident, Lit, LitStr, Meta, Path, PathArguments, Result,
    Token, Type,
};

/// One field of a structure.
pub(crate) struct FieldInfo<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) key: String,
    pub(crate) doc: String,
    pub(crate) role: Role,
    pub(crate) omit_empty: bool,
    pub(crate) nil_when_empty: bool,
}

/// How a field is on the wire.
pub(crate) enum Role {
    /// By its own `Serialize` and `Deserialize`.
    Plain,
    /// As a byte string.
    Bytes,
    /// As a string that borrows where it can.
    Text,
    /// By functions.
    With(Path),
    /// As its own fields.
    Embed,
    /// Not at all.
    Skip,
    /// As the fields that a newer peer added.
    Rest,
}

/// One item of `#[wire(...)]`.
enum Item {
    Key(LitStr),
    Flag(Ident),
    With(Ident, Path),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return input.parse().map(Self::Key);
        }
        let name: Ident = input.parse()?;
        if !input.peek(Token![=]) {
            return Ok(Self::Flag(name));
        }
        input.parse::<Token![=]>()?;
        let path: LitStr = input.parse()?;
        Ok(Self::With(name, path.parse()?))
    }
}

impl<'a> FieldInfo<'a> {
    pub(crate) fn of(field: &'a Field, name: &'a Ident) -> Result<Self> {
        let mut info = Self {
            name,
            ty: &field.ty,
            key: pascal_case(&name.to_string()),
            doc: doc_of(&field.attrs),
            role: role_of(&field.ty),
            omit_empty: false,
            nil_when_empty: false,
        };
        for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("wire")) {
            for item in attr.parse_args_with(Punctuated::<Item, Token![,]>::parse_terminated)? {
                info.apply(item)?;
            }
        }
        Ok(info)
    }

    fn apply(&mut self, item: Item) -> Result<()> {
        match item {
            Item::Key(key) if key.value().is_empty() => return Err(Error::new(key.span(), "a key is never empty")),
            Item::Key(key) => self.key = key.value(),
            Item::With(name, path) if name == "with" => self.role = Role::With(path),
            Item::Flag(name) if name == "embed" => self.role = Role::Embed,
            Item::Flag(name) if name == "skip" => self.role = Role::Skip,
            Item::Flag(name) if name == "rest" => self.role = Role::Rest,
            Item::Flag(name) if name == "omit_empty" => self.omit_empty = true,
            Item::Flag(name) if name == "nil_when_empty" => self.nil_when_empty = true,
            Item::Flag(name) | Item::With(name, _) => {
                let known = "a key in quotes, embed, skip, rest, omit_empty, nil_when_empty or with = \"path\"";
                return Err(Error::new(name.span(), format!("expected {known}")));
            }
        }
        Ok(())
    }
}

/// The doc comment: lines of a paragraph joined by spaces, paragraphs by line feeds.
pub(crate) fn doc_of(attrs: &[Attribute]) -> String {
    let mut doc = String::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
        let Meta::NameValue(named) = &attr.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &named.value else { continue };
        for line in text.value().split('\n').map(str::trim) {
            let separator = match line {
                "" => "\n",
                _ if doc.is_empty() || doc.ends_with('\n') => "",
                _ => " ",
            };
            doc.push_str(separator);
            doc.push_str(line);
        }
    }
    doc.trim().to_owned()
}

/// `node_name` to `NodeName`.
fn pascal_case(name: &str) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    name.trim_start_matches("r#").split('_').map(capitalised).collect()
}

/// What a type says by itself: byte strings look like lists to serde, and a `Cow` would be copied.
pub(crate) fn role_of(ty: &Type) -> Role {
    match ty {
        Type::Reference(reference) if is_byte_slice(&reference.elem) => Role::Bytes,
        Type::Path(path) => match path.path.segments.last() {
            Some(segment) if segment.ident == "Bytes" && segment.arguments.is_none() => Role::Bytes,
            Some(segment) => match (segment.ident.to_string().as_str(), first_type(&segment.arguments)) {
                ("Vec", Some(element)) if is_u8(element) => Role::Bytes,
                ("Cow", Some(element)) if is_byte_slice(element) => Role::Bytes,
                ("Cow", Some(Type::Path(element))) if element.path.is_ident("str") => Role::Text,
                ("Option", Some(inner)) if matches!(role_of(inner), Role::Bytes) => Role::Bytes,
                _ => Role::Plain,
            },
            None => Role::Plain,
        },
        _ => Role::Plain,
    }
}

fn first_type(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether it is an `Option`.
pub(crate) fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Option"))
}

fn is_u8(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("u8"))
}

fn is_byte_slice(ty: &Type) -> bool {
    matches!(ty, Type::Slice(slice) if is_u8(&slice.elem))
}
