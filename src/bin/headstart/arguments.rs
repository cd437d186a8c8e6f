//! `--name value`, each at most once, none that nobody asked for.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::Failure;

pub struct Arguments(BTreeMap<String, String>);

impl Arguments {
    pub fn parse(args: &[String], known: &[&str]) -> Result<Self, Failure> {
        let mut found = BTreeMap::new();
        for pair in args.chunks(2) {
            let name = pair[0].strip_prefix("--").filter(|name| known.contains(name));
            let name = name.ok_or_else(|| format!("`{}` is none of {}", pair[0], known.join(", ")))?;
            let value = pair.get(1).ok_or_else(|| format!("--{name} lacks its value"))?;
            if found.insert(name.to_owned(), value.clone()).is_some() {
                return Err(format!("--{name} stands twice").into());
            }
        }
        Ok(Self(found))
    }

    pub fn get<T: FromStr>(&self, name: &str) -> Result<Option<T>, Failure> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        value.parse().map(Some).map_err(|_| format!("--{name}: `{value}` is not of its kind").into())
    }

    pub fn need(&self, name: &str) -> Result<String, Failure> {
        self.get(name)?.ok_or_else(|| format!("--{name} is missing").into())
    }
}
