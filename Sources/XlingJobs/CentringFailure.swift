import XlingCore

/// A language that cannot be centred as it was asked for.
public enum CentringFailure: Failure, Equatable {
  case notEvaluated(String, evaluated: [String])
  case twice(String)

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    switch self {
    case .notEvaluated(let language, let evaluated):
      "--centre \(language): that language is not evaluated here (\(MessageList.of(evaluated)) are), so "
        + "nothing would be centred. Add it by --lang, or leave its --centre out."
    case .twice(let language):
      "--centre names \(language) twice; give one file a language. `cat` puts two together."
    }
  }
}
