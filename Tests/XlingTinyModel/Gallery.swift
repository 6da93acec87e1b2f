import Foundation
import XlingAdapters
import XlingAlignment
import XlingCore
import XlingData
import XlingTestSupport
import XlingTokenizers
import XlingTowers

/// Four plain test pictures, an untrained model, and captions in English (all, two a picture) and
/// Turkish (three of four).
public final class Gallery {
  public let folder: TemporaryFolder
  public let tokenizer: BertTokenizer
  public let model: DualEncoder

  public static let lines = [
    #"{"image": "0.png", "split": "train", "captions": {"en": ["dog"]}}"#,
    #"{"image": "1.png", "split": "test", "captions": {"en": ["dog", "dog dog"], "tr": ["it"]}}"#,
    #"{"image": "2.png", "split": "test", "captions": {"en": ["cat", "cat cat"], "tr": ["kedi"]},"#
      + #" "heldout": true}"#,
    #"{"image": "3.png", "split": "test", "captions": {"en": ["dog cat", "cow"]}}"#,
    #"{"image": "4.png", "split": "test", "captions": {"en": ["cat dog", "cow"], "tr": ["inek"]}}"#,
  ]

  public init() throws {
    folder = try TemporaryFolder()
    let pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "dog", "cat", "cow", "it", "kedi"]
    try AtomicFile.createFolder(folder.path + "/text")
    try AtomicFile.write(
      pieces.joined(separator: "\n") + "\n", to: folder.path + "/text/vocab.txt")
    try AtomicFile.write(
      #"{"tokenizer_class": "BertTokenizer", "do_lower_case": true}"#,
      to: folder.path + "/text/tokenizer_config.json")
    tokenizer = try BertTokenizer(folder: folder.path + "/text")
    let text = TextTower(
      BERTConfiguration(
        vocabularySize: pieces.count, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32,
        maximumPositions: 32))
    text.initialize(seed: 1, deviation: 0.2)
    let image = ImageTower(
      ViTConfiguration(
        imageSize: 16, patchSize: 8, hiddenSize: 16, layers: 1, heads: 2, intermediateSize: 32))
    image.initialize(seed: 2, deviation: 0.2)
    try text.save(to: folder.path + "/text", storage: .float32)
    try image.save(to: folder.path + "/image", storage: .float32)
    model = try DualEncoder(
      text: text, image: image, recipe: .named("projection"), seed: 3, embeddingWidth: 8)
    try AtomicFile.createFolder(data + "/images")
    for index in Self.lines.indices {
      let pixels = (0..<16 * 16 * 3).map { UInt8(($0 * (index + 3) * 7) % 251) }
      let picture = Picture(width: 16, height: 16, pixels: pixels)
      try AtomicFile.write(try picture.png(), to: data + "/images/\(index).png")
    }
    try write(Self.lines)
  }

  public var data: String { folder.path + "/data" }

  public func write(_ lines: [String]) throws {
    try AtomicFile.write(lines.joined(separator: "\n") + "\n", to: data + "/captions.jsonl")
  }
}
