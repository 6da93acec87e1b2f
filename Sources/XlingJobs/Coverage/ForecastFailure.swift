import XlingCore

/// Errors of what a forecast is asked for.
public enum ForecastFailure: Failure, Equatable {
  case notMeasured(run: String, dataset: String?, store: String)
  case noRuns(store: String)
  case aligned(language: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .notMeasured, .noRuns: .missingInput
    case .aligned: .usage
    }
  }

  public var description: String {
    switch self {
    case .notMeasured(let run, let dataset, let store):
      "\(store) has no results of run '\(run)'" + (dataset.map { " on \($0)" } ?? "")
        + ": a forecast learns from the languages that were measured. Measure it first: xling eval "
        + "\(run) --lang all"
    case .noRuns(let store):
      "\(store) has no finished run with results: a forecast learns from the languages that were "
        + "measured. Measure one first: xling eval RUN --lang all"
    case .aligned(let language):
      "\(language) is the language that the run was aligned on: nothing is to be forecast, measure it by "
        + "xling eval. Name another --lang."
    }
  }
}
