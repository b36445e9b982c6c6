namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>What becomes of that which was not flushed when the machine, or the program on it, stops.</summary>
internal enum CrashKind
{
    /// <summary>The program was killed, the machine went on: nothing is lost but what it still meant to do.</summary>
    Kill,

    /// <summary>Power was lost: of what was not flushed any part is there, in any order, in whole units.</summary>
    PowerLoss,

    /// <summary>Power was lost, and the disk kept nothing that was not flushed.</summary>
    AllLost,
}
