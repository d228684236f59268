//! Settings of free form: `google.protobuf.Struct`, which is JSON.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use proconsul_msgpack::{GoStr, Value};
use proconsul_structs::proxy::Opaque;
use prost_types::{ListValue, Struct, Value as JsonValue, value::Kind};

use crate::{ConvertError, Mirror, Reason};

/// None and an empty map are both absent. Numbers become floats and bytes base64, as JSON has nothing else.
impl Mirror<Option<Struct>> for Opaque {
    fn to_proto(&self) -> Result<Option<Struct>, ConvertError> {
        let Some(settings) = self.as_ref().filter(|settings| !settings.is_empty()) else { return Ok(None) };
        fields(settings.iter()).map(Some)
    }

    fn from_proto(proto: Option<Struct>) -> Result<Self, ConvertError> {
        let convert = |(key, value)| Ok((GoStr::from_proto(key)?, Value::from_proto(value)?));
        proto.map(|settings| settings.fields.into_iter().map(convert).collect()).transpose()
    }
}

impl Mirror<JsonValue> for Value {
    fn to_proto(&self) -> Result<JsonValue, ConvertError> {
        let kind = match self {
            Self::Nil => Kind::NullValue(0),
            Self::Bool(truth) => Kind::BoolValue(*truth),
            Self::Int(number) => Kind::NumberValue(*number as f64),
            Self::Uint(number) => Kind::NumberValue(*number as f64),
            Self::F32(number) => Kind::NumberValue((*number).into()),
            Self::F64(number) => Kind::NumberValue(*number),
            Self::Str(text) => Kind::StringValue(text.to_proto()?),
            Self::Bytes(bytes) => Kind::StringValue(STANDARD.encode(bytes)),
            Self::List(items) => {
                let values = items.iter().map(Self::to_proto).collect::<Result<_, _>>()?;
                Kind::ListValue(ListValue { values })
            }
            Self::Map(pairs) => Kind::StructValue(fields(pairs.iter().map(|(key, value)| (key, value)))?),
            Self::Ext { .. } => return Err(Reason::Extension.into()),
        };
        Ok(JsonValue { kind: Some(kind) })
    }

    fn from_proto(proto: JsonValue) -> Result<Self, ConvertError> {
        Ok(match proto.kind {
            None | Some(Kind::NullValue(_)) => Self::Nil,
            Some(Kind::BoolValue(truth)) => Self::Bool(truth),
            Some(Kind::NumberValue(number)) => Self::F64(number),
            Some(Kind::StringValue(text)) => Self::Str(text.into()),
            Some(Kind::ListValue(list)) => {
                Self::List(list.values.into_iter().map(Self::from_proto).collect::<Result<_, _>>()?)
            }
            Some(Kind::StructValue(map)) => {
                let convert = |(key, value)| Ok((GoStr::from_proto(key)?, Self::from_proto(value)?));
                Self::Map(map.fields.into_iter().map(convert).collect::<Result<_, ConvertError>>()?)
            }
        })
    }
}

/// A message of pairs; of several with the same key the last counts.
fn fields<'a>(pairs: impl Iterator<Item = (&'a GoStr, &'a Value)>) -> Result<Struct, ConvertError> {
    let fields = pairs.map(|(key, value)| Ok((key.to_proto()?, value.to_proto()?)));
    Ok(Struct { fields: fields.collect::<Result<BTreeMap<_, _>, ConvertError>>()? })
}
