//! The value of what is left out: Go's zero value.

use proconsul_msgpack::{Shape, StructShape, Time};

use super::{node::Node, parts};

/// The zero value of a shape.
pub(super) fn zero(shape: Shape) -> Node {
    match shape {
        Shape::Bool => Node::Bool(false),
        Shape::Int { .. } | Shape::Duration | Shape::Numbers(_) => Node::Uint(0),
        Shape::Float { bits: 32 } => Node::F32(0.0),
        Shape::Float { .. } => Node::F64(0.0),
        Shape::Text | Shape::Words(_) | Shape::Bytes | Shape::Proto(_) => Node::Raw(Vec::new()),
        Shape::Time => {
            let (binary, len) = Time::ZERO.to_binary();
            Node::Raw(binary[..len].to_vec())
        }
        Shape::Any | Shape::Optional(_) | Shape::OneOf(_) => Node::Nil,
        Shape::List(_) => Node::List(Vec::new()),
        Shape::Map(_) | Shape::Pairs(..) => Node::Map(Vec::new()),
        Shape::Struct(of) => fields(&of(), &[]),
        Shape::Nested(inner) => Node::Raw(zero(inner()).to_vec()),
        Shape::Sequence(layout, of) => Node::Raw(parts::zero(layout, &of())),
    }
}

/// All fields but some, each its zero value.
pub(super) fn fields(of: &StructShape, but: &[&str]) -> Node {
    let written = of.fields.iter().filter(|field| !field.omit_empty && !but.contains(&field.key));
    Node::Map(
        written
            .map(|field| {
                let value = zero((field.shape)());
                let value = if field.nil_when_empty && value.is_empty() { Node::Nil } else { value };
                (Node::text(field.key), value)
            })
            .collect(),
    )
}
