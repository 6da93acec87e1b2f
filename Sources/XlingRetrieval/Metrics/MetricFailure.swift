import XlingCore

/// A name that no metric has.
public enum MetricFailure: Failure, Equatable {
  case unknown(given: String, nearest: String?, known: [String])

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    switch self {
    case .unknown(let given, let nearest, let known):
      "there is no metric '\(given)'." + (nearest.map { " Did you mean '\($0)'?" } ?? "")
        + " Metrics: \(known.joined(separator: ", ")); R@k, nDCG@k, P@k and 'recall fraction@k' for "
        + "any k."
    }
  }
}

extension Metric {
  /// The metric of that name, if it is one of those that `isMeant` takes. Throws
  /// ``MetricFailure/unknown(given:nearest:known:)``, which lists the usual ones of these.
  public static func find(
    _ name: String, where isMeant: (Metric) -> Bool = { _ in true }
  ) throws(MetricFailure) -> Metric {
    if let metric = named(name), isMeant(metric) { return metric }
    let known = standard.filter(isMeant).map(\.name)
    throw .unknown(given: name, nearest: Spelling.nearest(to: name, among: known), known: known)
  }
}
