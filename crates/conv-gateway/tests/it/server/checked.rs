//! Compares requests and answers with `openapi.json`.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    io::Read,
    sync::{Arc, Mutex, OnceLock},
};

use axum::http::{HeaderMap, request::Parts};
use flate2::read::GzDecoder;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::Reply;

/// An operation of the file, and a status of it.
pub type Operation = (String, u16);

const HOOK_REFUSED: &str = "/components/responses/HookRefused/content/application~1json/schema";

pub struct Contract {
    file: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
    /// Hashes of answers that were found valid: most answers of a test come again and again.
    valid: Mutex<HashSet<u64>>,
}

pub fn contract() -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| {
        let text = include_str!("../../../openapi.json");
        let mut file = serde_json::from_str(text).unwrap();
        close(&mut file);
        Contract { file, validators: Mutex::default(), valid: Mutex::default() }
    })
}

/// Clients ignore members that they do not know, so the file leaves objects open; here, a member that the
/// file does not have is a member that was not described.
fn close(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let is_open = object.get("type") == Some(&json!("object"))
                && !object.contains_key("additionalProperties");
            let has_members = object
                .get("properties")
                .and_then(Value::as_object)
                .is_some_and(|members| !members.is_empty());
            if is_open && has_members {
                object.insert("additionalProperties".into(), json!(false));
            }
            object.values_mut().for_each(close);
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        _ => {}
    }
}

impl Contract {
    /// The operations of the file: path, method, and what is said of it.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &str, &Map<String, Value>)> {
        let paths = self.file["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, it)| (&**path, &**method, it.as_object().unwrap()))
        })
    }

    /// A schema by its name.
    pub fn schema(&self, name: &str) -> &Value {
        &self.file["components"]["schemas"][name]
    }

    /// Every operation with every status that the file has for it.
    pub fn all(&self) -> impl Iterator<Item = Operation> {
        self.operations().flat_map(|(_, _, it)| {
            let id = it["operationId"].as_str().unwrap();
            let statuses = it["responses"].as_object().unwrap().keys();
            statuses.map(move |status| (id.to_owned(), status.parse().unwrap()))
        })
    }

    /// Panics if an answer is not as the file says, or if a request was taken that the file refuses.
    pub fn check(&self, head: &Parts, sent: Option<&[u8]>, reply: &Reply) -> Option<Operation> {
        let (prefix, path) = head.uri.path().split_once("/v1/")?;
        assert!(!prefix.contains("/v1"));
        if head.method == "OPTIONS" {
            return None;
        }
        always(path, reply);
        let path = own(path);
        let pointer = format!("/paths/~1{}/{}", path.replace('/', "~1"), head.method);
        let pointer = pointer.replace("HEAD", "GET");
        let (start, method) = pointer.rsplit_once('/').unwrap();
        let pointer = format!("{start}/{}", method.to_lowercase());
        let operation = self.file.pointer(&pointer);
        let Some(operation) = operation.filter(|_| reply.json()["code"] != 2997) else {
            if path.starts_with("hooks/") && reply.status == 405 {
                self.is_valid(HOOK_REFUSED, &reply.json(), path);
                return None;
            }
            assert!(matches!(reply.refusal(), (404 | 405, 2997)), "{path}: {:?}", reply.refusal());
            self.is_valid("/components/schemas/Problem", &reply.json(), path);
            return None;
        };
        let id = operation["operationId"].as_str().unwrap();
        if reply.status == 200 && operation.get("requestBody").is_some() {
            let schema = "requestBody/content/application~1json/schema";
            let body = sent.unwrap_or_default();
            let body = if body.is_empty() { b"null" } else { body };
            let body = serde_json::from_slice(body).unwrap();
            self.is_valid(&format!("{pointer}/{schema}"), &body, &format!("request of {id}"));
        }
        self.answers(&pointer, id, reply, head.method == "HEAD");
        Some((id.to_owned(), reply.status.as_u16()))
    }

    fn answers(&self, operation: &str, id: &str, reply: &Reply, is_head: bool) {
        let status = reply.status.as_u16();
        let pointer = self.resolved(format!("{operation}/responses/{status}"));
        let Some(response) = self.file.pointer(&pointer) else {
            panic!("{id} may not answer {status}: {}", reply.json());
        };
        for name in response["headers"].as_object().unwrap().keys() {
            let header = self.resolved(format!("{pointer}/headers/{name}"));
            let is_required = self.file.pointer(&header).unwrap()["required"] == true;
            match reply.headers.get(name) {
                Some(value) => {
                    let value = json!(value.to_str().unwrap());
                    self.is_valid(&format!("{header}/schema"), &value, &format!("{name} of {id}"));
                }
                None => assert!(!is_required, "{id} {status} lacks {name}"),
            }
        }
        let Some(content) = response.get("content") else {
            assert!(reply.bytes.is_empty(), "{id} {status} has no body");
            return;
        };
        let kind = content.as_object().unwrap().keys().next().unwrap();
        assert_eq!(reply.header("content-type"), kind, "{id} {status}");
        if is_head {
            return;
        }
        if kind == "text/event-stream" {
            let text = std::str::from_utf8(&reply.bytes).unwrap();
            assert!(text.ends_with("\n\n"), "{id}: {text}");
            text.split_terminator("\n\n").for_each(|event| self.event(event));
            return;
        }
        let hash = &mut DefaultHasher::new();
        (&pointer, &reply.bytes).hash(hash);
        if self.valid.lock().unwrap().insert(hash.finish()) {
            let body = unzipped(reply);
            let schema = format!("{pointer}/content/{}/schema", kind.replace('/', "~1"));
            self.is_valid(&schema, &body, &format!("answer {status} of {id}"));
            if kind == "application/problem+json" {
                let said = (&body["status"], &body["instance"]);
                assert_eq!(said, (&json!(status), &json!(reply.header("x-request-id"))));
                let seconds = body["retryAfter"].as_u64().map(|seconds| seconds.to_string());
                assert_eq!(seconds.unwrap_or_default(), reply.header("retry-after"));
            }
        }
    }

    /// Panics if an event of a stream is not as the file says.
    pub fn event(&self, text: &str) {
        let mut event = Map::new();
        for line in text.lines() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.trim();
            match name {
                "data" => drop(event.insert(name.into(), serde_json::from_str(value).unwrap())),
                "event" | "id" => drop(event.insert(name.into(), json!(value))),
                // A comment, or the time after which an `EventSource` comes back.
                "" | "retry" => {}
                other => panic!("{other}: {text}"),
            }
        }
        if event.contains_key("event") {
            self.is_valid("/components/schemas/StreamEvent", &event.into(), "event");
        } else if let Some(id) = event.get("id") {
            self.is_valid("/components/schemas/EventID", id, "heartbeat");
        }
    }

    /// Follows one reference.
    fn resolved(&self, pointer: String) -> String {
        let reference = self.file.pointer(&pointer).and_then(|it| it.get("$ref")?.as_str());
        reference.map_or(pointer, |reference| reference.trim_start_matches('#').to_owned())
    }

    /// Panics if a value is not as a schema of the file says.
    #[track_caller]
    pub fn is_valid(&self, schema: &str, value: &Value, what: &str) {
        let mut validators = self.validators.lock().unwrap();
        let validator = Arc::clone(validators.entry(schema.to_owned()).or_insert_with(|| {
            assert!(self.file.pointer(schema).is_some(), "{schema}");
            // The rest of the file is there for the references.
            let mut whole = self.file.clone();
            let fragment = schema.replace('{', "%7B").replace('}', "%7D");
            whole["$ref"] = json!(format!("#{fragment}"));
            Arc::new(jsonschema::draft202012::new(&whole).unwrap())
        }));
        drop(validators);
        let errors: Vec<_> = validator
            .iter_errors(value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{what}: {errors:#?}\n{value:#}");
    }
}

/// A delegate's calls are those on a list, and a secret in a path is any text.
fn own(path: &str) -> &str {
    if path.strip_prefix("hooks/tencent/").is_some_and(|secret| !secret.contains('/')) {
        return "hooks/tencent/{secret}";
    }
    let delegated = path.strip_prefix("accounts/").and_then(|path| path.split_once('/'));
    delegated.map_or(path, |(_, path)| path)
}

/// Checks what holds for every answer.
fn always(path: &str, reply: &Reply) {
    let has = |headers: &HeaderMap, name: &str, text: &str| {
        headers.get_all(name).iter().any(|value| value.to_str().unwrap().contains(text))
    };
    let headers = &reply.headers;
    assert!(!reply.status.is_redirection() || reply.status == 304, "{}", reply.status);
    assert!(!headers.contains_key("location") && !headers.contains_key("set-cookie"));
    assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
    // No page calls the webhooks' paths.
    let varies = has(headers, "vary", "authorization") && has(headers, "vary", "origin");
    assert!(varies || path.starts_with("hooks/"), "{path}");
    let caching = reply.header("cache-control");
    match reply.header("etag") {
        _ if reply.header("content-type") == "text/event-stream" => {
            assert_eq!(caching, "private, no-cache, no-transform");
        }
        "" => assert_eq!(caching, "private, no-store"),
        _ => assert!(caching.contains("no-cache"), "{caching}"),
    }
}

fn unzipped(reply: &Reply) -> Value {
    if reply.header("content-encoding") != "gzip" {
        return serde_json::from_slice(&reply.bytes).unwrap();
    }
    let mut json = String::new();
    GzDecoder::new(&*reply.bytes).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}
