namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>The machine is gone. No failure of a disk and no error of the engine, so that nobody may handle it.</summary>
public sealed class SimulatedCrashException(string message) : Exception(message);
