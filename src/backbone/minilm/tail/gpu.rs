//! The same passes on a GPU: ten kernels to a layer there, and twenty-one on the way back.

use burn::tensor::Device;

use super::{Affine, Layer, Tail};
use crate::backbone::kernels::gpu::Buffer;
use crate::backbone::kernels::gpu::train::{
    self, After, Groups, Mixed, Normed, gelu, gelu_back, mix, mix_back, norm, norm_back,
};
use crate::backbone::minilm::{EPSILON, HEAD, HEADS};

/// What a pass leaves behind for the way back.
#[derive(Debug)]
pub struct Pass {
    x: Buffer,
    layers: Vec<LayerPass>,
    texts: Groups,
}

#[derive(Debug)]
struct LayerPass {
    attention: Buffer,
    mixed: Mixed,
    attended: Normed,
    /// Before GELU, and after it.
    intermediate: Buffer,
    inner: Buffer,
    output: Normed,
}

impl Tail {
    /// As [`forward`](Tail::forward), but for the length of the embeddings: → the means of each text's tokens.
    pub fn forward_gpu(&self, parameters: &Buffer, x: Buffer, lengths: &[usize], device: &Device) -> (Buffer, Pass) {
        let texts = Groups::new(lengths.iter().copied(), device);
        let mut layers: Vec<LayerPass> = Vec::new();
        for layer in &self.layers {
            let x = layers.last().map_or(&x, |pass| &pass.output.out);
            layers.push(layer.forward_gpu(parameters, x, &texts));
        }
        let last = &layers.last().expect("at least one layer is trained").output.out;
        (texts.means(last), Pass { x, layers, texts })
    }

    /// As [`backward`](Tail::backward), but for the length of the embeddings: `slopes` are by the means.
    pub fn backward_gpu(&self, parameters: &Buffer, pass: &Pass, slopes: &Buffer, depth: usize, gradient: &Buffer) {
        let mut by_out = pass.texts.means_back(slopes, None);
        let first = self.layers.len().saturating_sub(depth);
        for (i, layer) in self.layers.iter().enumerate().skip(first).rev() {
            let x = if i == 0 { &pass.x } else { &pass.layers[i - 1].output.out };
            let made = &pass.layers[i];
            let (widened, by_attended) = layer.backward_gpu(parameters, x, made, &pass.texts, &by_out, gradient);
            if i > first {
                by_out = layer.attention.on_gpu().back(parameters, &widened, After::Add(&by_attended));
            }
        }
    }
}

impl Layer {
    fn forward_gpu(&self, parameters: &Buffer, x: &Buffer, texts: &Groups) -> LayerPass {
        let epsilon = EPSILON as f32;
        let attention = self.attention.on_gpu().forward(parameters, x, After::Nothing);
        let mixed = mix(&attention, texts, HEADS, HEAD);
        let attended = self.attended.on_gpu().forward(parameters, &mixed.out, After::Add(x));
        let attended = norm(&self.attended_norm.on_gpu(), parameters, &attended, epsilon);
        let intermediate = self.intermediate.on_gpu().forward(parameters, &attended.out, After::Nothing);
        let inner = gelu(&intermediate);
        let output = self.output.on_gpu().forward(parameters, &inner, After::Add(&attended.out));
        let output = norm(&self.output_norm.on_gpu(), parameters, &output, epsilon);
        LayerPass { attention, mixed, attended, intermediate, inner, output }
    }

    /// `slopes`, the gradient by what this layer gives, → those by queries, keys and values side by side, and by what attention
    /// was added to.
    fn backward_gpu(
        &self,
        parameters: &Buffer,
        x: &Buffer,
        made: &LayerPass,
        texts: &Groups,
        slopes: &Buffer,
        gradient: &Buffer,
    ) -> (Buffer, Buffer) {
        let (output, intermediate, attended) =
            (self.output.on_gpu(), self.intermediate.on_gpu(), self.attended.on_gpu());
        let slopes = norm_back(&self.output_norm.on_gpu(), parameters, &made.output, slopes, gradient);
        output.gradient(gradient, &made.inner, &slopes);
        let inner = gelu_back(&made.intermediate, &output.back(parameters, &slopes, After::Nothing));
        intermediate.gradient(gradient, &made.attended.out, &inner);
        let slopes = intermediate.back(parameters, &inner, After::Add(&slopes));

        let slopes = norm_back(&self.attended_norm.on_gpu(), parameters, &made.attended, &slopes, gradient);
        attended.gradient(gradient, &made.mixed.out, &slopes);
        let mixed = attended.back(parameters, &slopes, After::Nothing);
        let widened = mix_back(&made.attention, texts, &made.mixed, &mixed, HEADS, HEAD);
        self.attention.on_gpu().gradient(gradient, x, &widened);
        (widened, slopes)
    }
}

impl Affine {
    fn on_gpu(&self) -> train::Layer {
        let bias = self.range.end - self.outputs;
        train::Layer { weight: self.range.start..bias, bias: bias..self.range.end }
    }
}
