import XlingCore

/// Published sets of pictures and texts whose languages the cards hold.
public enum EvaluationSet: String, Sendable, CaseIterable, Codable {
  case xtd10
  case xm3600
  /// xFlickr&CO, of IGLUE.
  case xFlickrCO = "xflickr-co"
  /// WIT as IGLUE has it.
  case witIGLUE = "wit-iglue"
  case multi30k
  case xGQA = "xgqa"
  case maRVL = "marvl"
  case xVNLI = "xvnli"
  /// Machine translations by NLLB.
  case flickr30k200 = "flickr30k-200"
  /// Machine translations by NLLB.
  case xtd200
  /// Babel-ImageNet's core languages.
  case babelImageNet = "babel-imagenet"
}

/// Where a language can be measured.
public struct LanguageEvaluation: Sendable, Equatable, Codable {
  public var sets: [EvaluationSet]
  /// ImageNet's classes that Babel-ImageNet names in the language.
  public var babelImageNetClasses: Int?

  public init(sets: [EvaluationSet] = [], babelImageNetClasses: Int? = nil) {
    self.sets = sets
    self.babelImageNetClasses = babelImageNetClasses
  }

  /// The table `[evaluation]`.
  struct Table: Decodable {
    let value: LanguageEvaluation

    init(from decoder: any Decoder) throws {
      let keys = try StrictKeys(
        decoder, named: "evaluation", known: ["sets", "babel_imagenet_classes"])
      value = LanguageEvaluation(
        sets: try keys.words(
          "sets", known: EvaluationSet.allCases.map(\.rawValue).joined(separator: ", ")),
        babelImageNetClasses: try keys.value("babel_imagenet_classes"))
      if let classes = value.babelImageNetClasses, !(0...1_000).contains(classes) {
        throw keys.mistake("babel_imagenet_classes", expected: "0 to 1000", found: "\(classes)")
      }
    }
  }
}
