//! HCL 2, with the line of every key.
//!
//! Only values are taken: no variables, functions, operators or templates, which Consul's files cannot have either.
use hcl::edit::{
    Number, Span,
    expr::{Expression, ObjectKey, UnaryOperator},
    parser,
    structure::{Block, BlockLabel, Body, Structure},
    template::{Element, StringTemplate, Template},
};

use super::{
    error::Syntax,
    hcl1,
    tree::{Entry, Lines, Node, Value},
};

/// Reads HCL 2.
///
/// # Errors
/// What is not HCL 2, with advice where HCL 1 would have accepted it; an expression that is no value.
pub(super) fn parse(text: &str) -> Result<Node, Syntax> {
    let body = parser::parse_body(text).map_err(|error| Syntax {
        line: error.location().line(),
        column: error.location().column(),
        message: error.message().to_owned(),
        advice: hcl1::advice(text, error.location().offset(), error.message()),
    })?;
    Reader { text, lines: Lines::of(text) }.body(&body, 1)
}

struct Reader<'a> {
    text: &'a str,
    lines: Lines,
}

impl Reader<'_> {
    fn body(&self, body: &Body, line: usize) -> Result<Node, Syntax> {
        let mut entries: Vec<Entry> = Vec::new();
        // Where each block's name stands in `entries`.
        let mut blocks = std::collections::HashMap::new();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let line = self.line(attribute.key.span());
                    let value = self.value(&attribute.value, line)?;
                    entries.push(Entry { name: attribute.key.to_string(), node: Node { line, value } });
                }
                Structure::Block(block) => {
                    let (name, node) = self.block(block)?;
                    let at = *blocks.entry(name.clone()).or_insert_with(|| {
                        let node = Node { line: node.line, value: Value::Blocks(Vec::new()) };
                        entries.push(Entry { name, node });
                        entries.len() - 1
                    });
                    if let Value::Blocks(all) = &mut entries[at].node.value {
                        all.push(node);
                    }
                }
            }
        }
        Ok(Node { line, value: Value::Map(entries) })
    }

    /// A block's name and its body; each label is a level.
    fn block(&self, block: &Block) -> Result<(String, Node), Syntax> {
        let line = self.line(block.ident.span());
        let mut node = self.body(&block.body, line)?;
        for label in block.labels.iter().rev() {
            let name = match label {
                BlockLabel::Ident(name) => name.to_string(),
                BlockLabel::String(name) => name.value().clone(),
            };
            node = Node { line, value: Value::Map(vec![Entry { name, node }]) };
        }
        Ok((block.ident.to_string(), node))
    }

    fn value(&self, expression: &Expression, line: usize) -> Result<Value, Syntax> {
        Ok(match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(yes) => Value::Bool(*yes.value()),
            Expression::Number(written) => self.number(written.value(), 1, expression)?,
            Expression::String(text) => Value::Text(text.value().clone()),
            Expression::HeredocTemplate(heredoc) => {
                Value::Text(self.literal(&heredoc.template).ok_or_else(|| self.template(expression))?)
            }
            Expression::StringTemplate(template) => {
                Value::Text(self.literal_string(template).ok_or_else(|| self.template(expression))?)
            }
            Expression::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| {
                        let line = item.span().map_or(line, |span| self.lines.at(span.start));
                        Ok(Node { line, value: self.value(item, line)? })
                    })
                    .collect::<Result<_, Syntax>>()?,
            ),
            Expression::Object(object) => {
                let mut entries = Vec::with_capacity(object.len());
                for (key, value) in object {
                    let line = key.span().map_or(line, |span| self.lines.at(span.start));
                    let name = self.key(key)?;
                    let value = self.value(value.expr(), line)?;
                    entries.push(Entry { name, node: Node { line, value } });
                }
                Value::Map(entries)
            }
            Expression::Parenthesis(inner) => self.value(inner.inner(), line)?,
            Expression::UnaryOp(operation) if *operation.operator == UnaryOperator::Neg => match &operation.expr {
                Expression::Number(written) => self.number(written.value(), -1, &operation.expr)?,
                _ => return Err(self.no_value(expression)),
            },
            _ => return Err(self.no_value(expression)),
        })
    }

    fn key(&self, key: &ObjectKey) -> Result<String, Syntax> {
        match key {
            ObjectKey::Ident(name) | ObjectKey::Expression(Expression::Variable(name)) => Ok(name.to_string()),
            ObjectKey::Expression(Expression::String(name)) => Ok(name.value().clone()),
            ObjectKey::Expression(other) => Err(self.no_value(other)),
        }
    }

    fn number(&self, number: &Number, sign: i64, expression: &Expression) -> Result<Value, Syntax> {
        let written = expression.span().and_then(|span| self.text.get(span)).unwrap_or_default();
        let digits = written.trim_start_matches('-');
        if digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.at(
                expression,
                "a number with a leading zero".to_owned(),
                "HCL 1 took it for octal, HCL 2 takes it for decimal: write it without the zero".to_owned(),
            ));
        }
        let whole = number.as_i64().and_then(|number| number.checked_mul(sign));
        Ok(whole.map_or_else(|| Value::Float(number.as_f64().unwrap_or(f64::NAN) * sign as f64), Value::Int))
    }

    fn literal(&self, template: &Template) -> Option<String> {
        template.into_iter().map(literal_of).collect()
    }

    fn literal_string(&self, template: &StringTemplate) -> Option<String> {
        template.into_iter().map(literal_of).collect()
    }

    fn template(&self, expression: &Expression) -> Syntax {
        self.at(
            expression,
            "a text with a template in it, `${` or `%{`".to_owned(),
            "HCL 1 took these characters as they are; in HCL 2 write them as `$${` and `%%{`".to_owned(),
        )
    }

    fn no_value(&self, expression: &Expression) -> Syntax {
        self.at(
            expression,
            "an expression, where a value is expected".to_owned(),
            "Write a text in double quotes, a number, true or false, a list or an object".to_owned(),
        )
    }

    fn at(&self, expression: &Expression, message: String, advice: String) -> Syntax {
        let start = expression.span().map_or(0, |span| span.start);
        let begin = self.text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let column = 1 + self.text.get(begin..start).map_or(0, |before| before.chars().count());
        Syntax { line: self.lines.at(start), column, message, advice: Some(advice) }
    }

    fn line(&self, span: Option<std::ops::Range<usize>>) -> usize {
        self.lines.at(span.map_or(0, |span| span.start))
    }
}

fn literal_of(element: &Element) -> Option<&str> {
    element.as_literal().map(|text| text.value().as_str())
}
