//! Samples → feature rows, on all cores or on the GPU.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use headstart::backbone::Backbone;
use headstart::encode::{image, text};
use headstart::features::{extract, extract_texts, join_windows};
use headstart::source::{Content, Look, Picture, content_id};

use crate::failure::Failure;
use crate::given::{Data, Item};
use crate::machine::{Machine, each};
use crate::options::{Everywhere, LongText};
use crate::pack::Pack;
use crate::progress::Progress;

/// Pictures that a GPU takes at once.
pub const GPU_ROWS: usize = 32;
/// Texts that a core takes at once.
const TEXTS: usize = 32;

pub struct Encoder {
    pub pack: Pack,
    pub machine: Machine,
    tokenizer: Option<text::Encoder>,
    long_text: LongText,
}

/// A sample as the backbone sees it.
#[derive(Debug)]
pub struct Embedded {
    /// Content id.
    pub id: String,
    pub kept: Content,
    pub row: Vec<f32>,
    /// Tokens of a text that was cut.
    pub cut: Option<usize>,
}

/// A sample before the backbone.
pub struct Ready {
    pub id: String,
    pub kept: Content,
    pub input: Input,
    pub cut: Option<usize>,
}

impl Ready {
    /// Of a long text what one window holds.
    pub fn cut_to_one_window(mut self) -> Self {
        if let Input::Ids(windows) = &mut self.input {
            windows.truncate(1);
        }
        self
    }
}

/// As the backbone reads it.
pub enum Input {
    Pixels(Vec<u8>),
    /// Of each window of a text.
    Ids(Vec<Vec<u32>>),
}

impl Encoder {
    /// `tuned`: the file of stages that were trained.
    pub fn open(
        pack: Pack,
        tuned: Option<&[u8]>,
        long_text: LongText,
        everywhere: &Everywhere,
    ) -> Result<Self, Failure> {
        let tokenizer = match pack.manifest.text() {
            Ok(prep) => Some(text::Encoder::new(&pack.tokenizer()?, prep)?),
            Err(_) => None,
        };
        Ok(Self { machine: Machine::open(&pack, tuned, everywhere)?, pack, tokenizer, long_text })
    }

    /// Rows of all items in their order; of those that cannot be used, why. Only what the GPU or a pack says ends it all.
    pub fn rows(&self, items: &[Item], progress: &Progress) -> Result<Vec<Result<Embedded, Failure>>, Failure> {
        if self.machine.computer.gpu().is_some() {
            return self.rows_by_gpu(items, progress);
        }
        let parts: Vec<&[Item]> = items.chunks(if self.tokenizer.is_some() { TEXTS } else { 1 }).collect();
        let done = each(
            self.machine.threads,
            &parts,
            || self.machine.backbone.beside().expect("it is on the CPU"),
            |backbone, _, part| {
                let rows = self.embed(backbone, self.ready(part));
                progress.more(part.len());
                rows
            },
        );
        Ok(done.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Cores read while the GPU computes what they read before.
    fn rows_by_gpu(&self, items: &[Item], progress: &Progress) -> Result<Vec<Result<Embedded, Failure>>, Failure> {
        let read = |part: &[Item]| each(self.machine.threads, part, || (), |(), _, item| self.ready_one(item));
        let mut parts = items.chunks(8 * GPU_ROWS);
        let mut now = parts.next().map(read);
        let mut rows = Vec::with_capacity(items.len());
        while let Some(ready) = now {
            let next = parts.next();
            let (done, read) = std::thread::scope(|scope| {
                let reading = next.map(|part| scope.spawn(move || read(part)));
                let count = ready.len();
                let done = self.embed(&self.machine.backbone, ready);
                progress.more(count);
                (done, reading.map(|reading| reading.join().expect("a thread's work is done")))
            });
            rows.extend(done?);
            now = read;
        }
        Ok(rows)
    }

    fn ready(&self, items: &[Item]) -> Vec<Result<Ready, Failure>> {
        items.iter().map(|item| self.ready_one(item)).collect()
    }

    /// Reads, decodes, splits into tokens. Errors name the item.
    pub fn ready_one(&self, item: &Item) -> Result<Ready, Failure> {
        // What breaks a decoder is no reason to lose the others.
        let ready = catch_unwind(AssertUnwindSafe(|| match &item.data {
            Data::Picture(path) => self.ready_picture(&read_bytes(path)?),
            Data::Within(file, range) => self.ready_picture(&file[range.clone()]),
            Data::Pixels(file, range) => Ok(self.ready_pixels(file[range.clone()].to_vec())),
            Data::Text(text) => self.ready_text(text),
            Data::TextFile(path) => self.ready_text(&read_text(path)?),
        }));
        ready.unwrap_or_else(|_| Err(broke(item))).map_err(|failure| failure.of(&item.name))
    }

    fn ready_picture(&self, bytes: &[u8]) -> Result<Ready, Failure> {
        let image::Encoded { pixels, picture } = image::encode(bytes, self.pack.manifest.image()?)?;
        Ok(Ready { id: content_id(bytes), kept: Content::Picture(picture), input: Input::Pixels(pixels), cut: None })
    }

    /// Of pixels as the backbone reads them.
    pub fn ready_pixels(&self, pixels: Vec<u8>) -> Ready {
        // Nobody asks how they look.
        let kept = Content::Picture(Picture { small: Vec::new(), look: Look::default() });
        Ready { id: content_id(&pixels), kept, input: Input::Pixels(pixels), cut: None }
    }

    pub fn ready_text(&self, text: &str) -> Result<Ready, Failure> {
        let tokenizer = self.tokenizer.as_ref().expect("the pack is for texts");
        let encoded = tokenizer.encode(text)?;
        let long = encoded.ids.len() < encoded.tokens;
        let (windows, cut) = match self.long_text {
            LongText::Windows if long => (tokenizer.windows(text)?, None),
            _ => (vec![encoded.ids], long.then_some(encoded.tokens)),
        };
        let kept = Content::Text(text.to_owned());
        Ok(Ready { id: content_id(text.as_bytes()), kept, input: Input::Ids(windows), cut })
    }

    /// By the backbone as it is loaded.
    pub fn embed_ready(&self, ready: Vec<Ready>) -> Result<Vec<Embedded>, Failure> {
        let rows = self.embed(&self.machine.backbone, ready.into_iter().map(Ok).collect())?;
        rows.into_iter().collect()
    }

    /// One pass, or a few.
    fn embed(
        &self,
        backbone: &Backbone,
        ready: Vec<Result<Ready, Failure>>,
    ) -> Result<Vec<Result<Embedded, Failure>>, Failure> {
        let inputs = || ready.iter().flatten().map(|ready| &ready.input);
        let mut rows = match inputs().next() {
            Some(Input::Pixels(_)) => self.pixels(backbone, inputs())?,
            _ => self.ids(backbone, inputs())?,
        }
        .into_iter();
        let mut with_row = |Ready { id, kept, cut, .. }| {
            let row = rows.next().expect("one for each that is ready");
            Embedded { id, kept, row, cut }
        };
        Ok(ready.into_iter().map(|ready| ready.map(&mut with_row)).collect::<Vec<_>>())
    }

    fn pixels<'a>(
        &self,
        backbone: &Backbone,
        inputs: impl Iterator<Item = &'a Input>,
    ) -> Result<Vec<Vec<f32>>, Failure> {
        let pictures: Vec<&[u8]> = inputs
            .map(|input| match input {
                Input::Pixels(pixels) => pixels.as_slice(),
                Input::Ids(_) => unreachable!("one task at a time"),
            })
            .collect();
        let mut rows = Vec::with_capacity(pictures.len());
        for batch in pictures.chunks(GPU_ROWS) {
            let found = pollster::block_on(extract(backbone, &self.machine.computer, &batch.concat(), batch.len()))?;
            rows.extend(found.iter().map(<[f32]>::to_vec));
        }
        Ok(rows)
    }

    fn ids<'a>(&self, backbone: &Backbone, inputs: impl Iterator<Item = &'a Input>) -> Result<Vec<Vec<f32>>, Failure> {
        let texts: Vec<&[Vec<u32>]> = inputs
            .map(|input| match input {
                Input::Ids(windows) => windows.as_slice(),
                Input::Pixels(_) => unreachable!("one task at a time"),
            })
            .collect();
        let found = pollster::block_on(extract_texts(backbone, &self.machine.computer, &texts.concat()))?;
        let mut at = 0;
        let mut row = |windows: &[Vec<u32>]| {
            let lengths: Vec<usize> = windows.iter().map(Vec::len).collect();
            at += lengths.len();
            let rows: Vec<usize> = (at - lengths.len()..at).collect();
            match rows[..] {
                [one] => found.row(one).to_vec(),
                _ => join_windows(&found.select(&rows), &lengths).values().to_vec(),
            }
        };
        Ok(texts.into_iter().map(&mut row).collect())
    }
}

/// What is said of an item that a decoder or a tokenizer broke on.
pub fn broke(item: &Item) -> Failure {
    match &item.data {
        Data::Text(_) | Data::TextFile(_) => {
            headstart::Error::BadText { why: "the tokenizer broke on it".into() }.into()
        }
        _ => headstart::Error::BadImage { why: "the decoder broke on it".into() }.into(),
    }
}

/// The item is named by the caller, as the person knows it.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| Failure::new("unreadable", format!("it cannot be read: {e}")))
}

/// The same of UTF-8.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read_bytes(path)?)
        .map_err(|_| headstart::Error::UnsupportedEncoding { encoding: "an encoding that is not UTF-8".into() }.into())
}
