/// How fast a training goes, what it waits for, and how long the rest of it takes, validations included.
public struct TrainingPace: Sendable, Equatable {
  /// Seconds of a step until its batch is there: pictures read, frozen layers computed or their states read.
  private(set) var input = 0.0
  /// Of the rest of a step.
  private(set) var work = 0.0
  /// Of a validation; nil before the first.
  private(set) var validation: Double?
  private var isBegun = false

  let batchSize: Int
  let steps: Int
  let stepsPerEpoch: Int
  let validateEvery: Int
  let validationPairs: Int
  /// Whether what a batch needs of frozen layers is computed in the first epoch alone.
  let keepsInputs: Bool

  /// Weight of the steps before the last one.
  private static let memory = 0.9

  init(
    batchSize: Int, steps: Int, stepsPerEpoch: Int, validateEvery: Int, validationPairs: Int,
    keepsInputs: Bool
  ) {
    (self.batchSize, self.steps, self.stepsPerEpoch) = (batchSize, steps, stepsPerEpoch)
    (self.validateEvery, self.validationPairs) = (validateEvery, validationPairs)
    self.keepsInputs = keepsInputs
  }

  /// One step more.
  mutating func note(step: Int, input: Double, work: Double) {
    // From the second epoch on another pace is the rule.
    let isNew = !isBegun || keepsInputs && step == stepsPerEpoch
    isBegun = true
    self.input = isNew ? input : Self.memory * self.input + (1 - Self.memory) * input
    self.work = isNew ? work : Self.memory * self.work + (1 - Self.memory) * work
  }

  mutating func note(validation seconds: Double) { validation = seconds }

  public var pairsPerSecond: Double {
    input + work > 0 ? Double(batchSize) / (input + work) : 0
  }

  /// The share of a step in which nothing is trained, where it is worth a word, and what takes it.
  public var waiting: (share: Double, what: String)? {
    guard input + work > 0, input >= 0.1 * (input + work) else { return nil }
    return (input / (input + work), keepsInputs ? "frozen layers and pictures" : "pictures")
  }

  /// Seconds after so many steps.
  public func remaining(after step: Int) -> Double {
    let left = max(0, steps - step)
    let inFirst = keepsInputs ? min(left, max(0, stepsPerEpoch - step)) : left
    return Double(inFirst) * (input + work)
      + Double(left - inFirst) * (work + (step >= stepsPerEpoch ? input : 0))
      + Double(validations(after: step))
      // Before the first one: forward alone is about a third of a step.
      * (validation ?? Double(validationPairs) / Double(max(1, batchSize)) * (input + work / 3))
  }

  /// Validations of later steps; the last step has one.
  private func validations(after step: Int) -> Int {
    guard validationPairs > 0, step < steps else { return 0 }
    guard validateEvery > 0 else { return 1 }
    let regular = steps / validateEvery - step / validateEvery
    return regular + (steps % validateEvery == 0 ? 0 : 1)
  }
}
