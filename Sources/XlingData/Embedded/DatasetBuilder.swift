import Foundation
import XlingCore

/// Builds the project's own datasets from what the system's packages hold: names from CLDR,
/// pictures from the emoji font, or Tux Paint's stamps. The same packages and seed give the same bytes.
public enum DatasetBuilder {
  /// Raised when a change of the code changes what is built.
  static let revision = 1
  /// Side of every picture in pixels.
  public static let canvas = 128
  static let jpegQuality = 90

  /// Pictures of one to four emoji, captioned in every covered language. An existing folder built
  /// by the same definition is left as it is. Throws ``DataFailure``, ``ImageFailure`` (no font),
  /// `UnicodeFailure` or `FileFailure`; the folder then does not come into being.
  public static func scenes(
    into folder: String, seed: UInt64 = 0, counts: SceneCounts = .standard,
    cldr: CLDR? = nil, font: EmojiFont? = nil
  ) throws -> DatasetSummary {
    let (cldr, font) = (try cldr ?? CLDR(), try font ?? EmojiFont())
    let definition = try DatasetDefinition(
      name: "scenes", cldr: cldr, font: font,
      details: ["seed \(seed)", "counts \(counts.train) \(counts.val) \(counts.test)"])
    return try DatasetFolder(folder).build(definition) { partial in
      let catalogue = try ConceptCatalogue(cldr: cldr)
      let drawing = SceneDrawing(
        sprites: try sprites(of: catalogue.scenes, font: font),
        captions: try SceneCaptions(catalogue),
        catalogue: catalogue, seed: seed)
      let plan = try ScenePlan(conceptCount: catalogue.scenes.count, counts: counts, seed: seed)
      let items = try concurrently(Array(plan.scenes.enumerated()), grain: 32) { index, scene in
        try drawing.write(scene, index: index, into: partial)
      }
      return DatasetContents(items: items, catalogue: catalogue)
    }
  }

  /// Single emoji, split by concept; the skin tones of train concepts add train pictures. Captions:
  /// the name, then the keywords in one line. With `shift` the same pictures and captions, drawn otherwise.
  /// Throws as ``scenes(into:seed:counts:cldr:font:)``.
  public static func emoji(
    into folder: String, shift: EmojiShift? = nil, cldr: CLDR? = nil, font: EmojiFont? = nil
  ) throws -> DatasetSummary {
    let (cldr, font) = (try cldr ?? CLDR(), try font ?? EmojiFont())
    let definition = try DatasetDefinition(
      name: shift.map { "emoji-\($0.rawValue)" } ?? "emoji", cldr: cldr, font: font, details: [])
    return try DatasetFolder(folder).build(definition) { partial in
      let catalogue = try ConceptCatalogue(cldr: cldr)
      let pictures = EmojiPictures(catalogue: catalogue, shift: shift)
      let items = try concurrently(pictures.all, grain: 32) { picture in
        try pictures.write(picture, font: font, into: partial)
      }
      // A sequence that the font has no glyph for has no picture.
      return DatasetContents(items: items.compactMap { $0 }, catalogue: catalogue)
    }
  }

  /// Tux Paint's stamps on white, with captions in as many languages as the installed package has.
  /// Throws ``DataFailure`` (no package), ``ImageFailure`` or `FileFailure`; the folder then does not
  /// come into being.
  public static func stamps(
    into folder: String, source: StampFolder? = nil
  ) throws -> DatasetSummary {
    let source = try source ?? StampFolder()
    let definition = DatasetDefinition(name: "stamps", sources: try source.fingerprints())
    return try DatasetFolder(folder).build(definition) { partial in
      let pictures = StampPictures(folder: source)
      let items = try concurrently(source.stamps, grain: 16) { stamp in
        try pictures.write(stamp, into: partial)
      }
      var owners: [String: String] = [:]
      for (stamp, item) in zip(source.stamps, items) {
        guard let other = owners.updateValue(stamp, forKey: item.image) else { continue }
        throw DataFailure.cannotBuild(
          what: "stamps", reason: "\(other) and \(stamp) would both be images/\(item.image).")
      }
      return DatasetContents(items: items, leftOut: source.drawings)
    }
  }

  /// Sprites in the concepts' order. Throws ``DataFailure/cannotBuild(what:reason:)`` when the font
  /// lacks one.
  public static func sprites(of concepts: [Concept], font: EmojiFont) throws -> [EmojiSprite] {
    try concurrently(concepts, grain: 16) { concept in
      guard let glyph = font.glyph(for: concept.sequence) else {
        throw DataFailure.cannotBuild(
          what: "scenes",
          reason: "\(font.path) has no picture of \(concept.name) (\(concept.id)). Install a newer "
            + "fonts-noto-color-emoji.")
      }
      return EmojiSprite(glyph)
    }
  }

  static func write(_ picture: Picture, _ name: String, into folder: String) throws {
    try Interruption.check("a dataset is half drawn", resume: "run the same command again")
    let path = "\(folder)/images/\(name)"
    do {
      try picture.jpeg(quality: jpegQuality).write(to: URL(fileURLWithPath: path))
    } catch let error as ImageFailure {
      throw error
    } catch {
      throw FileFailure.cannotWrite(path: path, reason: SystemWords.reason(of: error))
    }
  }
}

/// Draws and captions one scene after another, each from its own random streams.
private struct SceneDrawing: Sendable {
  let sprites: [EmojiSprite]
  let captions: SceneCaptions
  let catalogue: ConceptCatalogue
  let seed: UInt64

  func write(_ scene: ScenePlan.Scene, index: Int, into folder: String) throws -> Dataset.Item {
    var stream = RandomStream(seed: seed, "scenes/layout", index)
    let background = Background.draw(canvas: DatasetBuilder.canvas, stream: &stream)
    let spots = SceneLayout.draw(
      count: scene.concepts.count, canvas: DatasetBuilder.canvas, stream: &stream)
    let picture = SceneComposer.compose(
      width: DatasetBuilder.canvas, height: DatasetBuilder.canvas, background: background,
      placements: zip(scene.concepts, spots).map { Placement(sprite: sprites[$0], spot: $1) })
    let digits = String(index)
    let name = String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".jpg"
    try DatasetBuilder.write(picture, name, into: folder)
    let ordered = zip(scene.concepts, spots).sorted { $0.1.centerX < $1.1.centerX }.map(\.0)
    let ids = ordered.map { catalogue.scenes[$0].id }
    return Dataset.Item(
      image: name, split: scene.split,
      captions: captions.captions(ordered, scene: index, seed: seed), concepts: ids,
      isHeldOut: ids.contains { catalogue.heldOut.contains($0) })
  }
}

/// The single pictures: every concept, and the skin tones of train concepts.
private struct EmojiPictures: Sendable {
  struct Single: Sendable {
    let concept: Concept
    let sequence: String
  }

  let catalogue: ConceptCatalogue
  let shift: EmojiShift?
  let all: [Single]

  init(catalogue: ConceptCatalogue, shift: EmojiShift?) {
    (self.catalogue, self.shift) = (catalogue, shift)
    let toned = catalogue.tonedSequences.compactMap { sequence -> Single? in
      guard let concept = catalogue.byID[ConceptID.of(sequence)], concept.split == .train else {
        return nil
      }
      return Single(concept: concept, sequence: sequence)
    }
    all = catalogue.concepts.map { Single(concept: $0, sequence: $0.sequence) } + toned
  }

  /// Nil when the font has no single glyph for it.
  func write(_ single: Single, font: EmojiFont, into folder: String) throws -> Dataset.Item? {
    guard let glyph = font.glyph(for: single.sequence) else { return nil }
    let picture = draw(EmojiSprite(glyph), single)
    let name = single.sequence.unicodeScalars.map { String($0.value, radix: 16) }
      .joined(separator: "-")
    try DatasetBuilder.write(picture, name + ".jpg", into: folder)
    return Dataset.Item(
      image: name + ".jpg", split: single.concept.split, captions: captions(single.concept),
      concepts: [single.concept.id], isHeldOut: catalogue.heldOut.contains(single.concept.id))
  }

  private func draw(_ sprite: EmojiSprite, _ single: Single) -> Picture {
    let side = DatasetBuilder.canvas
    if let shift {
      // By what is drawn, so that a font with more emoji moves none of the others.
      var stream = RandomStream(
        seed: Digest.key(single.sequence), "emoji/shift/" + shift.rawValue)
      return shift.draw(sprite, side: side, stream: &stream)
    }
    let white = Background.Color(red: 255, green: 255, blue: 255)
    let place = Placement(
      sprite: sprite, centerX: Double(side) / 2, centerY: Double(side) / 2,
      size: Double(side) * 0.9)
    return SceneComposer.compose(
      width: side, height: side,
      background: Background(first: white, second: white, pattern: .solid), placements: [place])
  }

  private func captions(_ concept: Concept) -> [String: [String]] {
    catalogue.annotations.compactMapValues { annotations in
      guard let name = annotations.name(concept.id) else { return nil }
      let keywords = annotations.keywords(concept.id).filter { $0 != name }
      return keywords.isEmpty ? [name] : [name, keywords.joined(separator: ", ")]
    }
  }
}
