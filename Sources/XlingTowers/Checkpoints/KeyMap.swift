/// From the names in a family's checkpoints to the names of our parameters, which are those of
/// Hugging Face's BERT and ViT. `*` stands for a layer's number.
package struct KeyMap: Sendable {
  /// What a name may begin with, longest first; it is left out.
  var prefixes: [String] = []
  /// What is written in front of every name but a projection's.
  var savedPrefix = ""
  /// Ends that older checkpoints spell otherwise.
  var endings: [(file: String, ours: String)] = []
  /// Parts of names without `.weight` and `.bias`; names not listed are taken as they are when
  /// `renamesAll` is false.
  var parts: [(file: String, ours: String)] = []
  var renamesAll = false
  /// Tensors that hold several parameters, stacked in this order: queries, keys and values; the two
  /// halves of a gated feed-forward. A part named "" is left out: zeros that a format asks for.
  var fused: [(file: String, ours: [String])] = []
  /// Names under which a checkpoint may hold a parameter once more; read where the other is missing.
  var copies: [(file: String, ours: String)] = []
  /// Our names of matrices that lie in the file with rows as columns.
  package var transposed: Set<String> = []
  /// Beginnings of names that are no part of a tower: heads of tasks, buffers; with `*` whole names.
  var ignored: [String] = []

  enum Target: Equatable {
    case parameter(String)
    /// As many rows each.
    case parts([String])
    case copy(of: String)
    case ignored
    case unknown
  }

  /// Without what the family's names may begin with.
  package func shortName(_ name: String) -> String {
    prefixes.first(where: name.hasPrefix).map { String(name.dropFirst($0.count)) } ?? name
  }

  func target(of name: String) -> Target {
    var short = shortName(name)
    if ignored.contains(where: short.hasPrefix) { return .ignored }
    if let copy = copies.first(where: { $0.file == short }) { return .copy(of: copy.ours) }
    if let ending = endings.first(where: { short.hasSuffix($0.file) }) {
      short = short.dropLast(ending.file.count) + ending.ours
    }
    let (pattern, number) = Self.numberless(short)
    if pattern != short, ignored.contains(pattern) { return .ignored }
    for fused in fused {
      for kind in [".weight", ".bias", "_weight", "_bias"] where pattern == fused.file + kind {
        let ours = kind.replacing("_", with: ".")
        return .parts(fused.ours.map { $0.isEmpty ? "" : Self.fill($0 + ours, number) })
      }
    }
    for (file, ours) in parts {
      if pattern == file { return .parameter(Self.fill(ours, number)) }
      for kind in [".weight", ".bias"] where pattern == file + kind {
        return .parameter(Self.fill(ours + kind, number))
      }
    }
    return renamesAll ? .unknown : .parameter(short)
  }

  /// The name that this family's checkpoints give a parameter: the inverse, without prefix.
  package func fileName(of parameter: String) -> String {
    let (pattern, number) = Self.numberless(parameter)
    for (file, ours) in parts {
      if pattern == ours { return Self.fill(file, number) }
      for kind in [".weight", ".bias"] where pattern == ours + kind {
        return Self.fill(file + kind, number)
      }
    }
    return parameter
  }

  /// A name of a file as it is written.
  func savedName(_ name: String) -> String {
    name.hasPrefix("visual_projection") ? name : savedPrefix + name
  }

  /// The stacked tensor that a parameter is a part of, and all parts in their order; nil for others.
  package func fusion(of parameter: String) -> (name: String, parts: [String])? {
    let (pattern, number) = Self.numberless(parameter)
    // What a part names is saved so: a bias that lies apart where keys have none, the plain feed-forward of
    // a family that also has a gated one.
    let isPart = parts.contains { part in
      ["", ".weight", ".bias"].contains { part.ours + $0 == pattern }
    }
    guard !isPart else { return nil }
    for fused in fused {
      for kind in [".weight", ".bias"] where fused.ours.contains(where: { $0 + kind == pattern }) {
        // torch's MultiheadAttention has no dot there.
        let end = fused.file.hasSuffix("in_proj") ? kind.replacing(".", with: "_") : kind
        return (
          Self.fill(fused.file + end, number), fused.ours.map { Self.fill($0 + kind, number) }
        )
      }
    }
    return nil
  }

  /// "layer.3.output" as "layer.*.output" and "3".
  private static func numberless(_ name: String) -> (String, String?) {
    var components = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard
      let place = components.firstIndex(where: { !$0.isEmpty && $0.allSatisfy(\.isWholeNumber) })
    else { return (name, nil) }
    let number = components[place]
    components[place] = "*"
    return (components.joined(separator: "."), number)
  }

  private static func fill(_ pattern: String, _ number: String?) -> String {
    guard let number else { return pattern }
    return pattern.split(separator: "*", omittingEmptySubsequences: false)
      .joined(separator: number)
  }
}
