//! EfficientNet-Lite0: `pixels` → `features`.

use super::graph::{Dim, FLOAT, Graph, UINT8, int, ints};
use crate::backbone::lite0::{DIM, SIZE, blocks, border};
use crate::encode::image::Preprocess;
use crate::error::Result;
use crate::export::weights::Stored;

pub fn add(graph: &mut Graph, stored: &Stored, prep: &Preprocess) -> Result<()> {
    let batch = || Dim::Any("batch");
    graph.input("pixels", UINT8, &[batch(), Dim::Of(SIZE), Dim::Of(SIZE), Dim::Of(3)]);
    graph.output("features", FLOAT, &[batch(), Dim::Of(DIM)]);
    let (mean, std) = (graph.scalar("mean", prep.mean), graph.scalar("std", prep.std));
    let x = graph.cast("pixels.f32", "pixels", FLOAT);
    let x = graph.add("pixels.centred", "Sub", &[&x, &mean], vec![]);
    let x = graph.add("pixels.normalised", "Div", &[&x, &std], vec![]);
    let x = graph.add("pixels.planes", "Transpose", &[&x], vec![ints("perm", &[0, 3, 1, 2])]);
    let mut net = Net { graph, stored };
    let x = net.convolution(&x, "_conv_stem", [3, 2, SIZE], 1)?;
    let mut x = net.relu6(&x);
    for block in blocks() {
        let name = &block.name;
        let mut y = x.clone();
        if block.expands() {
            y = net.convolution(&y, &format!("{name}._expand_conv"), [1, 1, block.side], 1)?;
            y = net.relu6(&y);
        }
        let shape = [block.kernel, block.stride, block.side];
        y = net.convolution(&y, &format!("{name}._depthwise_conv"), shape, block.inner)?;
        y = net.relu6(&y);
        y = net.convolution(&y, &format!("{name}._project_conv"), [1, 1, block.side / block.stride], 1)?;
        x = if block.skips() { net.graph.add(name, "Add", &[&y, &x], vec![]) } else { y };
    }
    let x = net.convolution(&x, "_conv_head", [1, 1, 1], 1)?;
    let x = net.relu6(&x);
    let x = graph.add("pooled", "GlobalAveragePool", &[&x], vec![]);
    graph.add("features", "Flatten", &[&x], vec![int("axis", 1)]);
    Ok(())
}

struct Net<'a> {
    graph: &'a mut Graph,
    stored: &'a Stored<'a>,
}

impl Net<'_> {
    /// `shape`: kernel, stride, side of its input.
    fn convolution(&mut self, x: &str, name: &str, shape: [usize; 3], groups: usize) -> Result<String> {
        let [kernel, stride, side] = shape;
        let weight = self.graph.weight(self.stored, &format!("{name}.weight"))?;
        let bias = self.graph.weight(self.stored, &format!("{name}.bias"))?;
        let (before, after) = border(side, kernel, stride);
        let attributes = vec![
            ints("kernel_shape", &[kernel, kernel]),
            ints("strides", &[stride, stride]),
            ints("pads", &[before, before, after, after]),
            int("group", groups as i64),
        ];
        Ok(self.graph.add(name, "Conv", &[x, &weight, &bias], attributes))
    }

    fn relu6(&mut self, x: &str) -> String {
        let (zero, six) = (self.graph.scalar("0", 0.0), self.graph.scalar("6", 6.0));
        self.graph.add(&format!("{x}.relu6"), "Clip", &[x, &zero, &six], vec![])
    }
}
