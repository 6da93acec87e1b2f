import Foundation
import XlingCore
import XlingRetrieval

public enum RunStatus: String, Sendable, Codable {
  case running, finished, interrupted, failed
}

/// A command line, and where it was given.
public struct RunCommand: Sendable, Equatable, Codable {
  /// Absolute.
  public var folder: String
  public var words: [String]

  public init(folder: String, words: [String]) {
    self.folder = folder
    self.words = words
  }
}

/// One training run.
public struct Run: Sendable, Equatable {
  /// Unique in a store; what `xling eval RUN` names.
  public var name: String
  /// Absolute as it comes from a store, which keeps it from its own folder on.
  public var folder: String
  public var key: RunKey
  /// `interrupted` also where the store says `running` and the process that trained is dead.
  public var status: RunStatus
  public var started: Date
  public var finished: Date?
  public var trainableCount: Int
  public var parameterCount: Int
  /// Training time, summed over resumptions.
  public var seconds: Double
  /// The process that trains it, while it is running.
  public var process: ProcessMark?
  /// What began it, without `--resume`.
  public var command: RunCommand?

  public init(
    name: String, folder: String, key: RunKey, status: RunStatus = .running, started: Date,
    finished: Date? = nil, trainableCount: Int, parameterCount: Int, seconds: Double = 0,
    process: ProcessMark? = nil, command: RunCommand? = nil
  ) {
    self.name = name
    self.folder = folder
    self.key = key
    self.status = status
    self.started = started
    self.finished = finished
    self.trainableCount = trainableCount
    self.parameterCount = parameterCount
    self.seconds = seconds
    self.process = process
    self.command = command
  }
}

/// One logged training step.
public struct TrainStep: Sendable, Equatable {
  public var step: Int
  public var loss: Double
  public var learningRate: Double
  public var temperature: Double

  public init(step: Int, loss: Double, learningRate: Double, temperature: Double) {
    self.step = step
    self.loss = loss
    self.learningRate = learningRate
    self.temperature = temperature
  }
}

/// How a run did, at one step, on pairs that it is not trained on.
public struct ValidationStep: Sendable, Equatable {
  public var step: Int
  public var loss: Double
  /// Share of captions whose own picture comes first among `pairs`, and of pictures whose caption does.
  public var textToImage: Double
  public var imageToText: Double
  public var pairs: Int

  public init(step: Int, loss: Double, textToImage: Double, imageToText: Double, pairs: Int) {
    self.step = step
    self.loss = loss
    self.textToImage = textToImage
    self.imageToText = imageToText
    self.pairs = pairs
  }
}

/// Which side asks: LilT's TR is image to text, its IR text to image.
public enum Direction: String, Sendable, Codable, CaseIterable {
  case imageToText = "i2t"
  case textToImage = "t2i"

  /// As printed and in JSON.
  public var words: String { self == .textToImage ? "text-to-image" : "image-to-text" }
}

/// One run on one language in one direction, with the ranks of every query.
public struct Evaluation: Sendable, Equatable {
  public var run: String
  public var measured: EvaluationProtocol
  public var language: String
  public var direction: Direction
  /// Hash over the queries in their order: paired tests need it equal.
  public var queriesHash: String
  public var started: Date
  public var ranking: Ranking
  /// The picture of each query.
  public var pictures: [Int32]
  /// By metric name.
  public var metrics: [String: Estimate]

  public init(
    run: String, measured: EvaluationProtocol, language: String, direction: Direction,
    queriesHash: String, started: Date, ranking: Ranking, pictures: [Int32],
    metrics: [String: Estimate]
  ) {
    self.run = run
    self.measured = measured
    self.language = language
    self.direction = direction
    self.queriesHash = queriesHash
    self.started = started
    self.ranking = ranking
    self.pictures = pictures
    self.metrics = metrics
  }
}
