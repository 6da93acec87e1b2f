import Foundation
import XlingCore
import XlingOptimization
import XlingTensor
import XlingTowers

/// Trains a classifier. It writes nothing: its state goes to whoever observes it, and from such a state it
/// goes on to the same bits.
public final class ClassifierTrainer {
  public enum Outcome {
    case finished(TrainingState)
    /// ``ClassifierTrainer/shouldStop`` said so.
    case stopped(TrainingState)
  }

  public let classifier: PictureClassifier
  public let configuration: FinetuneConfiguration
  public let source: any LabelledSource
  /// Asked before every step: true stops.
  public var shouldStop: () -> Bool = { Interruption.requested }
  private let frozen: (any FrozenFeatureStore)?
  private let optimizer: any Optimizer
  private let schedule: RunSchedule
  private let workspace = Workspace()
  private var counters = TrainingState.Counters()
  private var pace: TrainingPace

  private var training: AlignmentConfiguration { configuration.training }

  /// `classifier` as adapted by the configuration's method; `frozen`: where a frozen tower's vectors stay
  /// from run to run. Throws ``AlignmentFailure/configuration(reason:)``.
  public init(
    _ classifier: PictureClassifier, _ configuration: FinetuneConfiguration,
    on source: any LabelledSource, frozen: (any FrozenFeatureStore)? = nil
  ) throws {
    try configuration.training.check(pairs: source.count)
    (self.classifier, self.configuration) = (classifier, configuration)
    (self.source, self.frozen) = (source, frozen)
    optimizer = configuration.training.optimizer.make(
      classifier.trainedParameters.map(\.parameter))
    schedule = configuration.training.schedule(pairs: source.count)
    let batchSize = configuration.training.batchSize
    pace = TrainingPace(
      batchSize: batchSize, steps: configuration.training.steps,
      stepsPerEpoch: source.count / batchSize, validateEvery: 0, validationPairs: 0,
      keepsInputs: ClassifierBatches(
        classifier.model, source, configuration.training, frozen: frozen
      ).keepsInputs)
    classifier.model.image.encoder.recomputesActivations =
      configuration.training.recomputesActivations
  }

  public var state: TrainingState {
    TrainingState(
      counters: counters, model: classifier.storedParameters,
      optimizer: classifier.trainedParameters.enumerated().flatMap { index, entry in
        optimizer.state(of: index).map {
          (name: entry.name + "#" + $0.kind, parameter: $0.tensor)
        }
      })
  }

  /// Goes on from counters whose tensors were read into those of ``state``.
  public func restore(_ counters: TrainingState.Counters) {
    self.counters = counters
    optimizer.restore(steps: counters.step)
  }

  /// Trains to the last step. `observe` hears each, with a state where a checkpoint is due. Throws
  /// ``AlignmentFailure/diverged(step:loss:gradientNorm:rate:checkpoint:)``, what reading pictures and what
  /// `observe` throws.
  public func train(
    _ observe: (TrainingProgress, _ checkpoint: TrainingState?) throws -> Void = { _, _ in }
  ) throws -> Outcome {
    var batches = ClassifierBatches(classifier.model, source, training, frozen: frozen)
    let (before, start) = (counters.seconds, ProgressBar.uptime())
    while counters.step < training.steps {
      if shouldStop() { return .stopped(state) }
      try update(&batches)
      counters.seconds = before + ProgressBar.uptime() - start
      let step = counters.step
      let isDue = step % training.checkpointEvery == 0 || step == training.steps
      try observe(progress, isDue ? state : nil)
    }
    return .finished(state)
  }

  private var progress: TrainingProgress {
    TrainingProgress(
      step: counters.step, steps: training.steps, loss: counters.loss ?? .nan,
      rate: schedule.rates(counters.step - 1).shared,
      temperature: classifier.head.temperature?.value.pointee ?? 1, seconds: counters.seconds,
      validation: nil, pace: pace)
  }

  private func update(_ batches: inout ClassifierBatches) throws {
    let step = counters.step
    let rate = schedule.rates(step).shared
    workspace.reset()
    for (_, parameter) in classifier.trainedParameters { parameter.zeroGradient() }
    let began = ProgressBar.uptime()
    let (images, labels) = try batches.draw(step: step, in: workspace)
    let input = ProgressBar.uptime() - began
    let loss = classifier.forwardBackward(images, labels: labels, in: workspace)
    let norm = GradientNorm.of(optimizer.parameters)
    let first = counters.firstLoss ?? loss
    // As in alignment: a loss ten times that of the first step, or of guessing, will not come back.
    let limit = 10 * max(first, log(Float(classifier.head.classes)))
    guard loss.isFinite, norm.isFinite, loss <= limit else {
      throw AlignmentFailure.diverged(
        step: step + 1, loss: loss, gradientNorm: norm, rate: rate, checkpoint: nil)
    }
    counters.firstLoss = first
    if let limit = training.gradientClip {
      GradientNorm.clip(optimizer.parameters, norm: norm, to: limit)
    }
    optimizer.step(rate: Float(rate))
    classifier.head.clampTemperature()
    (counters.step, counters.loss) = (step + 1, loss)
    pace.note(step: step, input: input, work: ProgressBar.uptime() - began - input)
  }
}
