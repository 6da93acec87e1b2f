/// Names of before, until all callers have the new ones.
public typealias EvaluatedRun = LoadedRun
public typealias EvalRun = RunLookup
