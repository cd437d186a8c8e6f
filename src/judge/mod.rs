//! What has to train to know: the report on held-out samples, whether the backbone helps, what may be wrong with the
//! samples, and what is too strange to be answered.

mod adaptation;
mod adopted;
mod cause;
mod curve;
mod doctor;
mod explain;
mod labels;
mod language;
mod model;
mod novelty;
mod numbers;
mod out_of_fold;
mod report;
mod scoring;
mod shift;
mod slices;
mod tuning;
mod verdict;

pub use adaptation::{Adaptation, AdaptationStage, Adapted};
pub use adopted::{AdaptReport, Tried};
pub use cause::{Cause, Trace};
pub use curve::{Forecast, More, Point};
pub use doctor::{
    DoctorReport, Examination, ExaminationStage, LabelIssue, NearDuplicates, Outlier, Unlabelled, confident_joint,
    imbalance, label_issues, label_next, outliers,
};
pub use explain::{Weights, weights, with_each_cell_grey, without_each_cell};
pub use labels::labels_report;
pub use model::{Example, Model, Prediction};
pub use novelty::Novelty;
pub use numbers::{NumberReport, number_report};
pub use out_of_fold::OutOfFold;
pub use report::{AnyReport, ClassReport, Evaluation, Report, Stage, any_report, report};
pub use shift::{Discrepancy, Measured, Measurement, Mmd, Shift};
pub use slices::{Slice, slices};
pub use tuning::{BeforeAfter, Decision, GuardRows, Guarded, Tuning, TuningStage};
pub use verdict::{TransferReport, Trial, TrialStage};
