//! Values and errors over the border.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

use crate::error::Error;

/// An error on its way to JavaScript: an `Error` with `code` and, where one thing is to blame, `item`.
pub struct Caught(Error);

impl From<Error> for Caught {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Caught> for JsValue {
    fn from(Caught(error): Caught) -> Self {
        let js = js_sys::Error::new(&error.to_string());
        let set = |key: &str, value: &str| {
            // Fails only for a frozen object, and this one is new.
            let _ = js_sys::Reflect::set(&js, &key.into(), &value.into());
        };
        set("code", error.code());
        if let Some(item) = error.item() {
            set("item", item);
        }
        js.into()
    }
}

/// As JSON would have it: objects, not `Map`s, which do not survive a spread.
pub fn to_js(value: &impl Serialize) -> Result<JsValue, Caught> {
    value.serialize(&Serializer::json_compatible()).map_err(|e| option("result", e))
}

/// By way of JSON, because serde-wasm-bindgen only looks fields up by name: a misspelt option would pass unnoticed.
///
/// Errors: `bad-option`, naming what the value was for.
pub fn from_js<T: DeserializeOwned>(what: &'static str, value: &JsValue) -> Result<T, Caught> {
    let json = js_sys::JSON::stringify(value).ok().and_then(|json| json.as_string());
    let json = json.ok_or_else(|| option(what, "not a plain object"))?;
    serde_json::from_str(&json).map_err(|e| option(what, e))
}

fn option(option: &'static str, why: impl ToString) -> Caught {
    Error::BadOption { option, why: why.to_string() }.into()
}
