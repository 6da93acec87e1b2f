import XlingCore

/// Why few-shot pairs cannot be drawn as they were asked for.
public enum FewShotFailure: Failure, Equatable {
  case noTraining(data: String)
  case fewPairs(language: String, wanted: Int, found: Int, origin: String)
  /// One language under two names.
  case twice(language: String, given: [String])
  /// The language of all other captions.
  case aligned(language: String)
  case badFile(path: String, expected: String, found: String)
  /// A seed beside a file that has drawn already.
  case seedOfFile
  /// An option that is of use with pairs to mix alone.
  case nothingToMix(option: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .twice, .aligned, .seedOfFile, .nothingToMix: .usage
    case .noTraining, .fewPairs, .badFile: .badData
    }
  }

  public var description: String {
    switch self {
    case .noTraining(let data): "\(data) has no training picture to draw few-shot pairs of."
    case .fewPairs(let language, let wanted, let found, let origin):
      "--mix \(language)=\(wanted): expected \(wanted) training pictures with a caption in \(language), "
        + "found \(found) \(origin). Ask for \(found) or fewer, or take other data."
    case .twice(let language, let given):
      "--mix names \(language) twice (\(given.joined(separator: ", "))); give one number of pairs a "
        + "language."
    case .aligned(let language):
      "--mix \(language)=…: \(language) is the language of all captions here; name another language, or "
        + "another one by --language."
    case .badFile(let path, let expected, let found):
      "\(path): expected \(expected), found \(found). `xling data few-shot DATA` writes such a file."
    case .seedOfFile:
      "--mix-file has the pictures in their order: --mix-seed has no use beside it. Leave one of them out."
    case .nothingToMix(let option):
      "\(option) has no use without --mix, which says how many pairs of which languages are mixed in."
    }
  }
}
