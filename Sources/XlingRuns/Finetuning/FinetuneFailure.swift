import XlingCore

/// What can go wrong with fine-tuned classifiers.
public enum FinetuneFailure: Failure, Equatable {
  case notFinetuned(path: String)
  /// An aligned run is named, and this is a classifier made of one.
  case isFinetuned(path: String)
  /// The run that a classifier was made of has other weights now, or two classifiers are of two runs.
  case otherRun(path: String, run: String, expected: String, found: String)
  /// A tensor of the classifier to start from has another shape here.
  case otherShape(path: String, tensor: String, expected: [Int], found: [Int])
  /// Nothing of what the other trained is a part of this one.
  case noStart(path: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .notFinetuned: .missingInput
    case .isFinetuned, .noStart, .otherShape: .usage
    case .otherRun: .badData
    }
  }

  public var description: String {
    switch self {
    case .notFinetuned(let path):
      "\(path) is no fine-tuned classifier: there is no finetune.json. How one is made, says: xling "
        + "finetune --help"
    case .isFinetuned(let path):
      "\(path) is a classifier that was fine-tuned already: expected an aligned run. To go on from it, name "
        + "its run and give --start-from \(path)."
    case .otherRun(let path, let run, let expected, let found):
      "\(path) was fine-tuned from a run whose weights have the SHA-256 \(expected); those of \(run) have "
        + "\(found). Take the run that it was made of."
    case .otherShape(let path, let tensor, let expected, let found):
      "\(path) has \(tensor) of shape \(found), and here it is \(expected): its classes or its head are "
        + "others. Start from a classifier of the same classes and head, or from one whose head was not "
        + "trained (--method layernorm with a text head)."
    case .noStart(let path):
      "\(path) trained nothing that this method has: it gives no start."
    }
  }
}
