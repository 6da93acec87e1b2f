import XlingAlignment
import XlingCore
import XlingRuns

extension AlignJob {
  /// Before the first step: where there is too little memory the system would end the process without a word.
  /// Throws ``AlignmentFailure/memory(pairs:needs:free:fits:)``.
  static func checkMemory(_ training: RunTraining) throws(AlignmentFailure) {
    guard let free = FreeMemory.bytes() else { return }
    let configuration = training.configuration
    let pairs = min(configuration.chunkSize ?? configuration.batchSize, configuration.batchSize)
    let memory = TrainingMemory(
      training.model, configuration, tokens: TrainingDuration.typicalTokens)
    try memory.check(pairs: pairs, free: free)
  }
}
