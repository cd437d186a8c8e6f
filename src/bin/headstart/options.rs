//! Options that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use headstart::learn::{ClassWeight, HeadKind, Recipe, Weighting};

use crate::failure::Failure;
use crate::labels::Reading;

#[derive(Args)]
pub struct Everywhere {
    /// One JSON document on stdout, errors too
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress, and of what is left out only how many
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Ends with status 3 where a sample could not be used
    #[arg(long, global = true)]
    pub strict: bool,
    /// A backbone's id, or the folder of its pack. Ids are looked for in $HEADSTART_BACKBONES, beside this program under
    /// `backbones`, and in the cache of the repository's set-up [default: by task]
    #[arg(long, global = true, value_name = "ID OR FOLDER")]
    pub backbone: Option<String>,
    /// Where the backbone runs. `auto`: on a real GPU that is faster than the CPU, where this program was built with `webgpu`
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub device: Device,
    /// Of the CPU [default: all cores]
    #[arg(long, global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

impl Everywhere {
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Device {
    Auto,
    Cpu,
    Webgpu,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    Image,
    Text,
}

impl Task {
    pub fn name(self) -> &'static str {
        match self {
            Task::Image => "image",
            Task::Text => "text",
        }
    }

    /// Of the backbone that does it where none is named.
    pub fn default_backbone(self) -> &'static str {
        match self {
            Task::Image => "efficientnet-lite0",
            Task::Text => "all-minilm-l6-v2",
        }
    }
}

/// How samples are read.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Reading samples")]
pub struct Intake {
    /// What they are [default: of a folder pictures, of a table texts, unless it has a column of picture paths]
    #[arg(long, value_enum)]
    pub task: Option<Task>,
    /// The table's column of texts or of picture paths [default: guessed]
    #[arg(long, value_name = "COLUMN")]
    pub text: Option<String>,
    /// The table's column of labels; an empty name for none [default: guessed]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// The table's column of what belongs together: a patient, a burst. It is never split between training and test
    #[arg(long, value_name = "COLUMN")]
    pub group: Option<String>,
    /// A column of tags that results are broken down by; may be repeated
    #[arg(long, value_name = "COLUMN")]
    pub slice: Vec<String>,
    /// What a label is: one class, several (`a; b` or `a|b`), or a number [default: guessed]
    #[arg(long, value_enum)]
    pub labels: Option<Reading>,
    /// What becomes of texts over the backbone's limit: their beginning, or overlapping windows [default: cut; of a project its own]
    #[arg(long, value_enum)]
    pub long_text: Option<LongText>,
}

impl Intake {
    /// Errors: `bad-option` where something is said of how samples are read, and only those of a project are looked at.
    pub fn nothing_said(&self) -> Result<(), Failure> {
        let said = [
            ("task", self.task.is_some()),
            ("text", self.text.is_some()),
            ("label", self.label.is_some()),
            ("group", self.group.is_some()),
            ("slice", !self.slice.is_empty()),
            ("labels", self.labels.is_some()),
            ("long-text", self.long_text.is_some()),
        ];
        match said.into_iter().find(|(_, said)| *said) {
            Some((name, _)) => Err(Failure::option(name, "samples that are in a project are read already")),
            None => Ok(()),
        }
    }

    /// Errors: `bad-option` where it says what becomes of long texts, which the model has settled.
    pub fn long_text_of_model(&self) -> Result<(), Failure> {
        match self.long_text {
            Some(_) => Err(Failure::option("long-text", "long texts are taken as the model was trained on them")),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LongText {
    #[default]
    Cut,
    Windows,
}

impl LongText {
    pub fn name(self) -> &'static str {
        match self {
            LongText::Cut => "cut",
            LongText::Windows => "windows",
        }
    }
}

/// How a head is trained.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Training")]
pub struct Head {
    #[arg(long, value_enum, default_value = "linear")]
    pub head: HeadName,
    /// Of the cross-validation that chooses the strength [default: 3]
    #[arg(long)]
    pub folds: Option<usize>,
    /// Linear and MLP: inverse regularisation strength, scikit-learn's C on unit rows [default: chosen]
    #[arg(long)]
    pub strength: Option<f64>,
    /// Whether every class has the same say however many samples it has
    #[arg(long, value_enum, default_value = "balanced")]
    pub class_weight: Weight,
    /// kNN: neighbours that vote
    #[arg(long, default_value_t = 10)]
    pub k: usize,
    /// The class of samples of no kind ("background"): what looks like them is refused where `--reject` is asked for
    #[arg(long, value_name = "CLASS")]
    pub negative: Option<String>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum HeadName {
    /// Logistic regression, fitted to convergence; of numbers ridge regression
    #[default]
    Linear,
    /// One hidden layer
    Mlp,
    /// Nearest class mean, by the covariance within classes
    Prototype,
    /// Nearest samples vote
    Knn,
    /// Without the backbone: a small network for pictures, TF-IDF for texts
    Scratch,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Weight {
    #[default]
    Balanced,
    None,
}

impl Head {
    pub fn recipe(&self, seed: u64) -> Recipe {
        let defaults = Recipe::default();
        Recipe {
            head: match self.head {
                HeadName::Linear => HeadKind::Linear,
                HeadName::Mlp => HeadKind::Mlp,
                HeadName::Prototype => HeadKind::Prototype,
                HeadName::Knn => HeadKind::Knn,
                HeadName::Scratch => HeadKind::Scratch,
            },
            folds: self.folds.unwrap_or(defaults.folds),
            strength: self.strength,
            class_weight: ClassWeight::Named(match self.class_weight {
                Weight::Balanced => Weighting::Balanced,
                Weight::None => Weighting::None,
            }),
            k: self.k,
            negative: self.negative.clone(),
            seed,
            ..defaults
        }
    }
}

/// What is drawn by chance.
#[derive(Args, Clone, Default)]
pub struct Chance {
    /// Same data, machine and seed: same result [default: the project's, or 0]
    #[arg(long)]
    pub seed: Option<u64>,
    /// So many samples of each class at most, drawn by the seed
    #[arg(long, value_name = "N")]
    pub per_class: Option<usize>,
}

/// Where a project is written.
#[derive(Args, Clone, Default)]
pub struct Out {
    /// The project file that is written (`.headstart`)
    #[arg(long, short, value_name = "FILE")]
    pub out: PathBuf,
    /// Leaves the pictures themselves out of it: it predicts, and cannot be tuned any more. Texts cannot be left out
    #[arg(long)]
    pub no_samples: bool,
}

impl Out {
    /// Errors: `bad-option` where samples are to be left out that the format has no place without.
    pub fn fits(&self, task: Task) -> Result<(), Failure> {
        if self.no_samples && task == Task::Text {
            let why = "a project of texts holds the texts, whatever else is left out; \
                       `headstart export PROJECT --out FILE.safetensors` makes a file without them";
            return Err(Failure::option("no-samples", why));
        }
        Ok(())
    }
}
