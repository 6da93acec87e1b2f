/// Everything from which a training goes on to the same bits.
public struct TrainingState {
  /// What a training counts and remembers besides its tensors.
  public struct Counters: Sendable, Equatable {
    /// Updates made.
    public var step = 0
    /// Seconds of training, earlier sessions included.
    public var seconds = 0.0
    /// The loss of the last update.
    public var loss: Float?
    /// The loss of the first update. Training stops when a later loss exceeds ten times the larger of it
    /// and log(batch).
    public var firstLoss: Float?
    /// The last validation.
    public var validation: ValidationPoint?
    public var stopping = EarlyStopping()
    /// Whether the last update is still to be validated: the validation was interrupted.
    public var isValidationDue = false

    public init() {}
  }

  public var counters: Counters
  /// What a run stores of the model, and the optimizer's tensors under the names of the whole model
  /// (`text.…#first`). They are the trainer's own: what is read into them is trained on.
  public let model: [DualEncoder.NamedParameter]
  public let optimizer: [DualEncoder.NamedParameter]
}
