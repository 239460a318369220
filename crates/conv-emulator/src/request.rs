//! Reads a request's body field by field.

use serde_json::{Map, Value};

use crate::envelope::Refusal;

/// A JSON object of a request, with the code that its service answers to a wrong parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    bad: u32,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(map: &'a Map<String, Value>, bad: u32) -> Self {
        Self { map, bad }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some_and(|value| !value.is_null())
    }

    pub(crate) fn refuse(&self, info: impl Into<String>) -> Refusal {
        Refusal::new(self.bad, info)
    }

    /// Returns a required text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, Refusal> {
        match self.map.get(name).and_then(Value::as_str) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.refuse(format!("{name} must be a text that is not empty"))),
        }
    }

    /// Returns a required whole number from 0 on.
    pub(crate) fn number(&self, name: &str) -> Result<u64, Refusal> {
        let number = self.map.get(name).and_then(Value::as_u64);
        number.ok_or_else(|| self.refuse(format!("{name} must be a whole number from 0 on")))
    }

    /// Like [`Fields::number`], but the field may be missing.
    pub(crate) fn number_or(&self, name: &str, default: u64) -> Result<u64, Refusal> {
        if self.has(name) { self.number(name) } else { Ok(default) }
    }

    /// A whole number from 0 on, also one that is written as a text; `None` where the field is left
    /// out.
    pub(crate) fn number_or_text(&self, name: &str) -> Result<Option<u64>, Refusal> {
        match self.map.get(name) {
            Some(Value::String(text)) => text
                .parse()
                .map(Some)
                .map_err(|_| self.refuse(format!("{name} must be a whole number from 0 on"))),
            _ if self.has(name) => self.number(name).map(Some),
            _ => Ok(None),
        }
    }

    pub(crate) fn list(&self, name: &str) -> Result<&'a [Value], Refusal> {
        let list = self.map.get(name).and_then(Value::as_array);
        list.map(Vec::as_slice).ok_or_else(|| self.refuse(format!("{name} must be an array")))
    }

    /// Returns a list of texts; every member must be one.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<&'a str>, Refusal> {
        let texts = self.list(name)?.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
        texts.ok_or_else(|| self.refuse(format!("{name} must hold texts alone")))
    }

    /// Like [`Fields::texts`]; `None` if the field is missing.
    pub(crate) fn texts_if_any(&self, name: &str) -> Result<Option<Vec<&'a str>>, Refusal> {
        if self.has(name) { self.texts(name).map(Some) } else { Ok(None) }
    }

    pub(crate) fn numbers_if_any(&self, name: &str) -> Result<Vec<u64>, Refusal> {
        if !self.has(name) {
            return Ok(Vec::new());
        }
        let numbers = self.list(name)?.iter().map(Value::as_u64).collect::<Option<Vec<_>>>();
        numbers.ok_or_else(|| self.refuse(format!("{name} must hold whole numbers alone")))
    }

    pub(crate) fn object(&self, name: &str) -> Result<Fields<'a>, Refusal> {
        self.map.get(name).map_or_else(
            || Err(self.refuse(format!("{name} is missing"))),
            |value| self.member(value, name),
        )
    }

    /// Returns a list of objects.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Fields<'a>>, Refusal> {
        self.list(name)?.iter().map(|value| self.member(value, name)).collect()
    }

    fn member(&self, value: &'a Value, name: &str) -> Result<Fields<'a>, Refusal> {
        let map = value.as_object();
        let map = map.ok_or_else(|| self.refuse(format!("{name} must hold JSON objects")))?;
        Ok(Fields { map, bad: self.bad })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_type_is_refused_with_the_code_of_the_service() {
        let body = json!({"n": -1, "t": "", "l": [1], "f": 1.5, "z": null});
        let fields = Fields::new(body.as_object().unwrap(), 50002);
        assert_eq!(fields.number("n").unwrap_err().code, 50002);
        assert!(fields.number("f").is_err());
        assert!(fields.text("t").is_err());
        assert!(fields.text("missing").is_err());
        assert!(fields.texts("l").is_err());
        assert!(fields.object("l").is_err());
        assert_eq!(fields.number_or("z", 3).unwrap(), 3);
    }
}
