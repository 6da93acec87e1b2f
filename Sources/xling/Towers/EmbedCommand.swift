import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingJobs
import XlingTensor
import XlingTokenizers
import XlingTowers

extension ImagePooling: ExpressibleByArgument {}

/// Which tower of a model of both.
enum TowerHalf: String, CaseIterable, ExpressibleByArgument {
  case text
  case image
}

struct EmbedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "The pooled vectors of a tower for texts or pictures.",
    discussion: """
      A text tower reads texts: one a line, or JSON objects, one a line, of which --field is taken. \
      An image tower reads a folder's pictures in the order of their names, or a list of paths, one \
      a line. Row i of the output belongs to the i-th of them. Texts are read, pooled and brought on as \
      the folder declares (modules.json, prompts, lengths; `xling inspect` tells it); where it declares \
      nothing, vectors are the CLS token's, those of mT5 means over tokens. Pictures are prepared and \
      pooled as the folder declares, too. A row's bits do \
      not depend on --batch-size, --threads or its neighbours; they do depend on the kind of \
      processor. An interrupted run keeps its rows beside the output; --resume goes on, once it has \
      found them unchanged.
      """)

  @Option(help: "The tower's folder, or its checkpoint.")
  var tower: String

  @Option(help: "A file of texts, a folder of pictures, a list of paths; - is stdin.")
  var input: String = "-"

  @Option(help: "The file to write: .npy or .safetensors, float32 [rows, width].")
  var output: String

  @Option(help: "Each line of the input is JSON; the text is under this key.")
  var field: String?

  @Option(help: "A tokenizer's folder or file (default: the tower's own).")
  var tokenizer: String?

  @OptionGroup(title: "Texts")
  var texts: EmbedTextOptions

  @Option(
    help: "Side of the resized pictures (default: the tower's own).",
    transform: NumberRange.whole(1...NumberRange.pixels))
  var imageSize: Int?

  @Option(
    help:
      "How positions follow --image-size: bicubic or timm (default: as the tower's family has it).")
  var interpolate: PositionInterpolation?

  @Option(
    help: ArgumentHelp(
      "How a picture's states become a vector: \(ImagePooling.words) (default: as the folder declares)."
    ))
  var imagePooling: ImagePooling?

  @Option(
    help: """
      The tower of a model of both: text or image (default: image where --input is a folder, else text).
      """)
  var half: TowerHalf?

  @OptionGroup(title: "Pictures")
  var pictures: PictureOptions

  @Flag(help: "Scale each vector to length one.")
  var normalize = false

  @Option(
    help: "Texts or pictures computed at once.", transform: NumberRange.whole(1...NumberRange.batch)
  )
  var batchSize: Int = 64

  @Option(
    help: "Attention heads, where a file without config.json does not tell.",
    transform: NumberRange.whole(1...NumberRange.heads))
  var heads: Int?

  @OptionGroup var precision: TowerPrecisionOption

  @OptionGroup var threads: ThreadsOption

  @Flag(help: "Go on with the rows that an interrupted run left.")
  var resume = false

  func validate() throws {
    if !EmbedFile.Format.allCases.contains(where: { output.hasSuffix("." + $0.rawValue) }) {
      throw ValidationError("--output must end in .npy or .safetensors, found \(output)")
    }
  }

  func run() throws {
    threads.apply()
    Interruption.watch()
    let lock = try FileLock(output: output)
    defer { withExtendedLifetime(lock) {} }
    let checkpoint = try TowerCheckpoint(tower, heads: heads)
    let damage = PictureDamage()
    let items: [String]
    let rows: EmbedRows
    var input: PictureInput?
    var protocolWords = ""
    let chosen: Precision
    switch try half(of: checkpoint) {
    case .text:
      try refusePictureOptions()
      items = try EmbedInputs.texts(self.input, field: field)
      let text = try texts.tower(of: checkpoint)
      chosen = try precision.chosen(width: text.width)
      text.use(chosen)
      try TowerWarnings.nonFinite(text, in: checkpoint).tell()
      let cutter = try TokenizerSource.load(tokenizer ?? checkpoint.folder)
      let reading = try texts.reading(of: checkpoint, text, by: cutter, at: tokenizer ?? tower)
      protocolWords =
        "\(reading.description) \(reading.maximumTokens) \(text.pooling.description) "
        + "\(text.promptTokens) \(try checkpoint.sentences?.contentHash() ?? "")"
      rows = EmbedRows(items, text, tokenizer: cutter, reading: reading)
    case .image:
      try refuseTextOptions(checkpoint)
      items = try EmbedInputs.pictures(self.input)
      var choices = TowerPictures.Choices()
      (choices.imageSize, choices.interpolation) = (imageSize, interpolate)
      (choices.pooling, choices.pictures) = (imagePooling, pictures.choices)
      let image = try TowerPictures(checkpoint, choices)
      try TowerWarnings.all(image.tower, in: checkpoint).tell()
      chosen = try precision.chosen(width: image.tower.width)
      image.tower.use(chosen)
      input = image.input
      protocolWords = image.tower.pooling.rawValue
      rows = EmbedRows(items, image.tower, image.input, damage)
    }
    let partial = EmbedPartial(
      output, width: rows.width,
      identity: try identity(checkpoint, items, input, protocolWords, chosen),
      resume: resume)
    try embed(items.count, rows, into: partial)
    damage.warning?.tell()
    try EmbedFile.write(partial, rows: items.count, to: output)
    print("wrote \(items.count) rows of \(rows.width) to \(output)")
  }

  /// Throws `ValidationError` where a half is asked for of a tower that has none.
  private func half(of checkpoint: TowerCheckpoint) throws -> TowerHalf {
    let own: TowerHalf
    switch checkpoint.configuration {
    case .text: own = .text
    case .image: own = .image
    case .whole:
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: input, isDirectory: &isFolder)
      return half ?? (isFolder.boolValue ? .image : .text)
    }
    guard half == nil else {
      throw ValidationError("--half is for a model of both towers, \(tower) has one")
    }
    return own
  }

  private func refusePictureOptions() throws {
    try GivenOptions.refuse(
      GivenOptions.names([
        ("--image-size", imageSize != nil), ("--interpolate", interpolate != nil),
        ("--image-pooling", imagePooling != nil),
      ]) + pictures.given, "with a text tower")
  }

  private func refuseTextOptions(_ checkpoint: TowerCheckpoint) throws {
    try GivenOptions.refuse(
      GivenOptions.names([
        ("--field", field != nil), ("--tokenizer", tokenizer != nil),
      ]) + texts.given, "with an image tower")
    let follows = checkpoint.configuration.image?.takesOtherSizes == true
    if imageSize == nil, interpolate != nil, !follows {
      throw ValidationError("--interpolate has no use without --image-size")
    }
  }

  private func embed(_ count: Int, _ rows: EmbedRows, into partial: EmbedPartial) throws {
    var done = try partial.begin(of: count)
    var bar = ProgressBar("embed", total: count, startingAt: done, unit: "rows")
    while done < count {
      if Interruption.requested {
        throw InterruptionFailure.interrupted(
          work: "embedded \(done) of \(count)",
          resume: (input == "-" ? "with the same input, " : "")
            + ShellWords.thisCommand(adding: ["--resume"]))
      }
      let batch = done..<min(done + batchSize, count)
      try partial.append(try rows.vectors(of: batch, normalized: normalize))
      done += batch.count
      bar.advance(to: done)
    }
    bar.finish()
  }

  /// Everything that decides the rows: resumed work must agree in it.
  private func identity(
    _ checkpoint: TowerCheckpoint, _ items: [String], _ input: PictureInput?, _ texts: String,
    _ precision: Precision
  ) throws -> String {
    let digest = Digest()
    digest.update(try checkpoint.checkpoint.contentHash())
    if let path = checkpoint.configurationPath { digest.update(try AtomicFile.read(path)) }
    digest.update(
      "\(texts) \(input?.description ?? "") \(imageSize ?? 0) \(interpolate.map(\.rawValue) ?? "") \(normalize) "
        + "\(heads ?? 0) \(tokenizer ?? "")\n")
    // Bits differ between kernel sets, and where these tell places apart, from those of versions before.
    digest.update("\(precision.kernels)\(Matmul.rowsDifferByPlace ? ", rows alike" : "")\n")
    for item in items { digest.update("\(item.utf8.count) \(item)") }
    return digest.hexadecimal()
  }
}
