import Foundation
import XlingCore

/// `1_Pooling/config.json` of sentence-transformers: truths `pooling_mode_…` before version 5.4, whose order is
/// fixed, and a name or list of names since, whose order is that of the vector's parts.
struct PoolingFile {
  let pooling: TextPooling
  /// nil where the file names none.
  let width: Int?
  /// Relative to the folder.
  let shown: String
  private(set) var declarations: [Declaration] = []

  /// In the order of the parts.
  private static let truths: [(key: String, mode: TextPooling.Mode)] = [
    ("pooling_mode_cls_token", .cls), ("pooling_mode_max_tokens", .max),
    ("pooling_mode_mean_tokens", .mean), ("pooling_mode_mean_sqrt_len_tokens", .meanSquareRoot),
    ("pooling_mode_weightedmean_tokens", .weightedMean), ("pooling_mode_lasttoken", .last),
  ]

  /// Throws ``TowerFailure/configuration(path:reason:)``, ``FileFailure``.
  init(_ path: String, shown: String) throws {
    self.shown = shown
    let fields = try ConfigurationFields(path)
    let widthKey = ["embedding_dimension", "word_embedding_dimension"].first(where: fields.has)
    width = try widthKey.map { try fields.size($0) }
    let modes = try Self.modes(fields)
    let includesPrompt = try fields.flag("include_prompt", default: true)
    pooling = TextPooling(modes.modes, includesPrompt: includesPrompt)
    func note(_ key: String, _ use: String) {
      declarations.append(Declaration(file: shown, key: key, value: fields.shown(key), use: use))
    }
    if let widthKey { note(widthKey, "compared with the tower's width") }
    for key in modes.keys { note(key, "pooled: " + pooling.description) }
    for key in fields.keys
    where key.hasPrefix("pooling_mode") && !modes.keys.contains(key) {
      note(key, fields.has("pooling_mode") ? "not needed: pooling_mode says it" : "not pooled")
    }
    if fields.has("include_prompt") {
      note(
        "include_prompt",
        includesPrompt
          ? "a prompt's tokens are pooled" : "a prompt's tokens are attended to, not pooled")
    }
  }

  private static func modes(
    _ fields: ConfigurationFields
  ) throws -> (modes: [TextPooling.Mode], keys: [String]) {
    if fields.has("pooling_mode") {
      let names =
        fields.isText("pooling_mode")
        ? [try fields.text("pooling_mode") ?? ""] : fields.texts("pooling_mode")
      let modes = try names.map { name in
        guard let mode = TextPooling.Mode(rawValue: name), mode != .end else {
          throw fields.refuse("pooling_mode has \"\(name)\", expected " + TextPooling.words)
        }
        return mode
      }
      guard !modes.isEmpty else { throw fields.refuse("pooling_mode names no mode") }
      return (modes, ["pooling_mode"])
    }
    let known = Set(truths.map(\.key))
    for key in fields.keys
    where key.hasPrefix("pooling_mode_") && !known.contains(key) {
      if try fields.flag(key, default: false) {
        throw fields.refuse("\"\(key)\" is no pooling known here; known are " + TextPooling.words)
      }
    }
    let chosen = try truths.filter { try fields.flag($0.key, default: false) }
    // As sentence-transformers takes a file without any.
    return chosen.isEmpty ? ([.mean], []) : (chosen.map(\.mode), chosen.map(\.key))
  }
}
