import ArgumentParser
import XlingCore
import XlingJobs
import XlingTowers

extension PositionInterpolation: ExpressibleByArgument {}
extension RawForward.TokenTypes: ExpressibleByArgument {}

struct ForwardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward",
    abstract: "Every hidden state of a tower for raw tensors, to compare with other frameworks.",
    discussion: """
      In: input_ids, attention_mask, token_type_ids [batch, tokens], or pixel_values [batch, 3, \
      size, size], already normalized; several batches by prefixes, as in b0.input_ids, of a model of \
      both towers also of both kinds. Out, by the same prefixes: layer_input_0, layer_output_0 and on, \
      last_hidden_state (behind the ViT's final norm), cls, mean, and pooler_output, head_logits, \
      text_embeds or image_embeds where the checkpoint has them.
      """)

  @Option(help: "The tower's folder, or its checkpoint.")
  var tower: String

  @Option(help: "A .safetensors file of input tensors.")
  var input: String

  @Option(help: "The .safetensors file to write, in float32.")
  var output: String

  @Option(help: "Token-type embeddings: given, first (for all tokens), none (LilT).")
  var tokenTypes: RawForward.TokenTypes = .given

  @Option(
    help:
      "Take pictures of another size: bicubic (torch, LilT, Hugging Face) or timm (antialiased).")
  var interpolate: PositionInterpolation?

  @Option(
    help: "Attention heads, where a file without config.json does not tell.",
    transform: NumberRange.whole(1...NumberRange.heads))
  var heads: Int?

  @OptionGroup var precision: TowerPrecisionOption

  @OptionGroup var threads: ThreadsOption

  func run() throws {
    threads.apply()
    let lock = try FileLock(output: output)
    defer { withExtendedLifetime(lock) {} }
    let checkpoint = try TowerCheckpoint(tower, heads: heads)
    let inputs = try Checkpoint(input)
    let outputs: [RawForward.Output]
    switch checkpoint.configuration {
    case .text: outputs = try texts(checkpoint, inputs)
    case .image: outputs = try pictures(checkpoint, inputs)
    case .whole:
      let hasPictures = RawForward.has("pixel_values", inputs)
      let hasTexts = RawForward.has("input_ids", inputs) || !hasPictures
      outputs =
        (hasTexts ? try texts(checkpoint, inputs, beside: RawForward.pictureInputs) : [])
        + (hasPictures ? try pictures(checkpoint, inputs, beside: RawForward.textInputs) : [])
    }
    try RawForward.write(outputs, to: output)
    print("wrote \(outputs.count) tensors to \(output)")
  }

  private func texts(
    _ checkpoint: TowerCheckpoint, _ inputs: Checkpoint, beside others: [String] = []
  ) throws -> [RawForward.Output] {
    let text = try checkpoint.text()
    text.use(try precision.chosen(width: text.width))
    try TowerWarnings.nonFinite(text, in: checkpoint).tell()
    return try RawForward.run(
      text, on: inputs, readouts: checkpoint.readouts, named: checkpoint.textVectors,
      tokenTypes: tokenTypes, beside: others)
  }

  /// Pictures of another size are taken where that is asked for, or is the family's way.
  private func pictures(
    _ checkpoint: TowerCheckpoint, _ inputs: Checkpoint, beside others: [String] = []
  ) throws -> [RawForward.Output] {
    let follows = checkpoint.configuration.image?.takesOtherSizes == true
    let size = interpolate == nil && !follows ? nil : RawForward.pictureSize(inputs)
    let image = try checkpoint.image(imageSize: size, interpolation: interpolate)
    image.use(try precision.chosen(width: image.width))
    try TowerWarnings.all(image, in: checkpoint).tell()
    return try RawForward.run(
      image, on: inputs, readouts: checkpoint.readouts, named: checkpoint.pictureVectors,
      beside: others)
  }
}
