import XlingData
import XlingEvaluation
import XlingTinyModel

extension Gallery {
  func evaluator(_ change: (inout EvaluationPlan) -> Void = { _ in }) throws -> Evaluator {
    var plan = EvaluationPlan(resamples: 200)
    change(&plan)
    return try Evaluator(
      model, tokenizer: tokenizer, dataset: try Dataset.load(data), plan: plan)
  }
}
