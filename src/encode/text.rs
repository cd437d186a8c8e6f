//! A text → the token ids the checkpoint was trained on.
//!
//! The published `tokenizer.json` of all-MiniLM-L6-v2 carries a truncation to 128 tokens and a padding to 128. Both are
//! for another use: sentence-transformers cuts at 256 and pads a batch only to its longest, and so do we.

use serde::{Deserialize, Serialize};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{
    Model, NormalizedString, Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer,
};

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

/// The parts of a BERT tokenizer, put together here and not by `tokenizers::Tokenizer`: that one can be any tokenizer there
/// is, and takes a megabyte of module along for it (its regular expressions and the other models).
pub struct Encoder {
    marks: Vec<Mark>,
    normalizer: BertNormalizer,
    splitter: BertPreTokenizer,
    words: WordPiece,
    /// What stands before and after every text.
    first: u32,
    last: u32,
    max_tokens: usize,
}

/// The part of a `tokenizer.json` that is used. Any other kind of part than BERT's does not parse.
#[derive(Deserialize)]
struct File {
    added_tokens: Vec<Mark>,
    normalizer: Normalize,
    pre_tokenizer: BertPreTokenizer,
    model: WordPiece,
    post_processor: PostProcessor,
}

/// The struct alone would take the settings of any normalizer for its own.
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Normalize {
    BertNormalizer(BertNormalizer),
}

/// A token that is written out in the text: `[MASK]`.
#[derive(Deserialize)]
struct Mark {
    id: u32,
    content: String,
    special: bool,
    normalized: bool,
    single_word: bool,
    lstrip: bool,
    rstrip: bool,
}

#[derive(Deserialize)]
struct PostProcessor {
    single: Vec<Piece>,
}

#[derive(Deserialize)]
enum Piece {
    SpecialToken { id: String },
    Sequence {},
}

impl Mark {
    fn is_taken_as_it_is(&self) -> bool {
        self.special && !(self.normalized || self.single_word || self.lstrip || self.rstrip || self.content.is_empty())
    }
}

impl Encoder {
    /// From the bytes of the pack's tokenizer file. Errors: `bad-pack`.
    pub fn new(tokenizer: &[u8], prep: &Preprocess) -> Result<Self> {
        let bad = |why: String| Error::BadPack { file: prep.tokenizer.clone(), why };
        let file: File = serde_json::from_slice(tokenizer).map_err(|e| bad(e.to_string()))?;
        if let Some(mark) = file.added_tokens.iter().find(|mark| !mark.is_taken_as_it_is()) {
            return Err(bad(format!("added token `{}` is of a kind that BERT does not have", mark.content)));
        }
        let id = |name: &String| file.added_tokens.iter().find(|mark| mark.content == *name).map(|mark| mark.id);
        let (first, last) = match file.post_processor.single.as_slice() {
            [Piece::SpecialToken { id: first }, Piece::Sequence {}, Piece::SpecialToken { id: last }] => {
                id(first).zip(id(last)).ok_or_else(|| bad(format!("`{first}` or `{last}` is no added token")))?
            }
            _ => return Err(bad("its texts are not one mark, the text, and one mark".into())),
        };
        let Normalize::BertNormalizer(normalizer) = file.normalizer;
        Ok(Self {
            marks: file.added_tokens,
            normalizer,
            splitter: file.pre_tokenizer,
            words: file.model,
            first,
            last,
            max_tokens: prep.max_tokens,
        })
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
        let mut ids = vec![self.first];
        let mut end = 0;
        for (at, mark) in self.marks_in(text) {
            // Of two that overlap, the first and longest counts.
            if at >= end {
                self.plain(&text[end..at], &mut ids)?;
                ids.push(mark.id);
                end = at + mark.content.len();
            }
        }
        self.plain(&text[end..], &mut ids)?;
        ids.push(self.last);
        Ok(ids)
    }

    /// In their order, found in one pass for each: looking for the next one again and again would take hours for a
    /// megabyte of them.
    fn marks_in<'a>(&'a self, text: &'a str) -> Vec<(usize, &'a Mark)> {
        let of = |mark: &'a Mark| text.match_indices(&mark.content).map(move |(at, _)| (at, mark));
        let mut found: Vec<_> = self.marks.iter().flat_map(of).collect();
        found.sort_by_key(|(at, mark)| (*at, std::cmp::Reverse(mark.content.len())));
        found
    }

    /// A text without marks.
    fn plain(&self, text: &str, ids: &mut Vec<u32>) -> Result<()> {
        let bad = |e: tokenizers::Error| Error::BadText { why: e.to_string() };
        let mut normalized = NormalizedString::from(text);
        self.normalizer.normalize(&mut normalized).map_err(bad)?;
        let mut words = PreTokenizedString::from(normalized);
        self.splitter.pre_tokenize(&mut words).map_err(bad)?;
        for (word, ..) in words.get_splits(OffsetReferential::Normalized, OffsetType::Byte) {
            ids.extend(self.words.tokenize(word).map_err(bad)?.into_iter().map(|token| token.id));
        }
        Ok(())
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
