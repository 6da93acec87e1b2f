import XlingCore

/// What can be wrong with a method.
public enum AdapterFailure: Failure, Equatable {
  case unknownMethod(name: String, nearest: String?, known: [String])
  /// A recipe is applied once, to a tower as it was loaded.
  case alreadyAdapted(tower: String)
  case reduction(factor: Int, width: Int)

  public var exitStatus: ExitStatus { .usage }

  public var description: String {
    switch self {
    case .unknownMethod(let name, let nearest, let known):
      "there is no method \"\(name)\"."
        + (nearest.map { " Did you mean \"\($0)\"?" } ?? "")
        + " Methods: " + known.joined(separator: ", ") + "."
    case .alreadyAdapted(let tower):
      "the \(tower) tower has adapters already. Load it afresh before a recipe is applied."
    case .reduction(let factor, let width):
      "a layerwise adapter of width \(width) cannot be reduced by \(factor): expected a factor "
        + "between 1 and \(width)."
    }
  }
}
