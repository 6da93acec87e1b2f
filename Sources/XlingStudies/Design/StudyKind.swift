import XlingCore

/// What the cells of a study's file are, which decides what can vary.
enum StudyKind {
  /// Aligned runs.
  case aligned
  /// Classifiers, fine-tuned from aligned runs.
  case classifiers

  /// Of axes.
  var axes: [String] {
    switch self {
    case .aligned: StudyFactor.axes
    case .classifiers: ClassifierFactor.names
    }
  }

  /// Of [train].
  var settings: [String] {
    switch self {
    case .aligned: ["data"] + StudyFactor.names
    case .classifiers: ClassifierFactor.names
    }
  }

  /// The value as its setting writes it. Throws ``StudyFailure`` with the line for what the setting refuses.
  func canonical(_ key: String, _ value: String, _ table: StudyTable) throws -> String {
    do {
      switch self {
      case .aligned: return try StudyFactor.canonical(key, value)
      case .classifiers: return try ClassifierFactor.canonical(key, value)
      }
    } catch let failure as NumberFailure {
      throw table.mistake(key, failure.expected, "\"\(value)\"")
    } catch let failure as FileFailure {
      throw failure
    } catch {
      throw table.mistake(key, "a \(key) that there is", "\"\(value)\" (\(error))")
    }
  }
}
