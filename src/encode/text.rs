//! A text → the token ids the checkpoint was trained on.
//!
//! The published `tokenizer.json` of all-MiniLM-L6-v2 carries a truncation to 128 tokens and a padding to 128. Both are
//! for another use: sentence-transformers cuts at 256 and pads a batch only to its longest, and so do we.

use serde::{Deserialize, Serialize};
use tokenizers::Tokenizer;

use crate::error::{Error, Result};

/// Of a text, in UTF-8: a long book. All of it is split into tokens, if only to say how many there are.
pub const MAX_BYTES: usize = 1 << 20;

/// How a checkpoint wants its texts. Part of a pack's manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Preprocess {
    /// The file of the pack that the tokenizer is in.
    pub tokenizer: String,
    /// Tokens that are kept of a text, with the two that mark its beginning and its end.
    pub max_tokens: usize,
}

/// A text as the network reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Encoded {
    /// At most `max_tokens` ids.
    pub ids: Vec<u32>,
    /// Ids that the whole text has.
    pub tokens: usize,
}

pub struct Encoder {
    tokenizer: Tokenizer,
    max_tokens: usize,
}

impl Encoder {
    /// From the bytes of the pack's tokenizer file. Errors: `bad-pack`.
    pub fn new(tokenizer: &[u8], prep: &Preprocess) -> Result<Self> {
        let bad = |e: tokenizers::Error| Error::BadPack { file: prep.tokenizer.clone(), why: e.to_string() };
        let mut tokenizer = Tokenizer::from_bytes(tokenizer).map_err(bad)?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(bad)?;
        Ok(Self { tokenizer, max_tokens: prep.max_tokens })
    }

    /// The beginning of a text, to `max_tokens`. An empty text is two marks and nothing between them.
    ///
    /// Errors: `bad-text`, when it is over [`MAX_BYTES`], or the tokenizer refuses it.
    pub fn encode(&self, text: &str) -> Result<Encoded> {
        let ids = self.all(text)?;
        let tokens = ids.len();
        Ok(Encoded { ids: window(&ids, 1, self.max_tokens), tokens })
    }

    /// The whole of a text in windows of `max_tokens`, each sharing a quarter with the one before.
    ///
    /// Errors: `bad-text`.
    pub fn windows(&self, text: &str) -> Result<Vec<Vec<u32>>> {
        let ids = self.all(text)?;
        let inner = self.max_tokens - 2;
        let step = inner - inner / 4;
        let starts = (1..).step_by(step).take_while(|start| *start == 1 || start + inner / 4 < ids.len() - 1);
        Ok(starts.map(|start| window(&ids, start, self.max_tokens)).collect())
    }

    fn all(&self, text: &str) -> Result<Vec<u32>> {
        if text.len() > MAX_BYTES {
            let why = format!("{} bytes are over the limit of {MAX_BYTES}; use a part of it", text.len());
            return Err(Error::BadText { why });
        }
        let encoding = self.tokenizer.encode(text, true).map_err(|e| Error::BadText { why: e.to_string() })?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// `[CLS]`, what fits from `start` on, `[SEP]`.
fn window(ids: &[u32], start: usize, max_tokens: usize) -> Vec<u32> {
    let (first, last) = (ids[0], ids[ids.len() - 1]);
    let end = (start + max_tokens - 2).min(ids.len() - 1);
    let mut out = vec![first];
    out.extend_from_slice(&ids[start..end]);
    out.push(last);
    out
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn a_window_has_both_marks() {
        let ids: Vec<u32> = (0..12).collect();
        assert_eq!(window(&ids, 1, 256), ids);
        assert_eq!(window(&ids, 1, 6), [0, 1, 2, 3, 4, 11]);
        assert_eq!(window(&ids, 9, 6), [0, 9, 10, 11]);
        assert_eq!(window(&[101, 102], 1, 6), [101, 102]);
    }
}
