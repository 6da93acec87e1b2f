import XlingCore

/// Errors of evaluating embeddings that were made elsewhere.
public enum EvaluationFailure: Failure, Equatable {
  case notEmbeddings(path: String, expected: String, found: String, hint: String)
  case tensorChoice(path: String, wanted: String?, known: [String])
  case widths(texts: Int, textPath: String, images: Int, imagePath: String)
  /// One line of the gold file; `line` counts from 1.
  case badGold(path: String, line: Int, expected: String, found: String)
  /// The gold file leaves rows without a partner.
  case withoutGold(path: String, side: String, rows: [Int], count: Int)
  case notAShard(path: String, reason: String)
  /// A file that should keep what was counted.
  case checkpoint(path: String, reason: String)
  /// Shards that do not belong together, or not all of them.
  case shards(reason: String)
  /// A file of sentences without any.
  case noSentences(path: String)
  /// A run imported without the towers as they were before its training.
  case startUnknown(run: String)

  public var exitStatus: ExitStatus { .badData }

  public var description: String {
    switch self {
    case .notEmbeddings(let path, let expected, let found, let hint):
      "\(path): expected \(expected), found \(found). \(hint)"
    case .tensorChoice(let path, let wanted, let known):
      "\(path) has "
        + (wanted.map { "no tensor \"\($0)\"" } ?? "several tensors, and none was named")
        + ". Name one by \(path)#TENSOR; it has: \(MessageList.of(known))."
    case .widths(let texts, let textPath, let images, let imagePath):
      "the embeddings disagree in width: \(texts) in \(textPath), \(images) in \(imagePath). Both "
        + "must come from one model's common space."
    case .badGold(let path, let line, let expected, let found):
      "\(path), line \(line): expected \(expected), found \(found). Mend that line; no line is "
        + "skipped in silence."
    case .withoutGold(let path, let side, let rows, let count):
      "\(path) names no correct item for \(count) \(side) (row"
        + (count == 1 ? " " : "s ") + rows.map(String.init).joined(separator: ", ")
        + (count > rows.count ? ", …" : "")
        + ", from 0), so they could never be found. Add them, or "
        + "leave them out of the queries by --allow-missing; they then stay in the gallery, and the "
        + "protocol says so."
    case .notAShard(let path, let reason):
      "\(path) is not what eval's --shard writes: \(reason). Make that shard again."
    case .checkpoint(let path, let reason):
      "\(path) cannot be gone on from: \(reason). Delete it to count from the beginning, or name another "
        + "--checkpoint."
    case .shards(let reason): "these shards cannot be merged: \(reason)."
    case .noSentences(let path):
      "\(path) holds no sentence: expected one a line, whose mean embedding is subtracted."
    case .startUnknown(let run):
      "\(run) was imported without the towers that its training began with, so what it changed is "
        + "unknown. Import it again with --text-tower and --image-tower."
    }
  }
}
