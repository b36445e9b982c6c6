namespace PipelineBackup.Ese.Tests.Simulation;

/// <summary>What changes a disk, each call a step.</summary>
internal enum DiskStepKind
{
    Create,
    Write,
    SetLength,
    Flush,
    Rename,
    Delete,
    FlushDirectory,
    CreateDirectory,
}

/// <summary>A call that changes a disk.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Path">The file, or directory.</param>
/// <param name="Offset">Where it writes, or the new length.</param>
/// <param name="Count">How many bytes it writes.</param>
/// <param name="To">The new name.</param>
internal readonly record struct DiskStep(
    int Number, DiskStepKind Kind, string Path, long Offset = 0, int Count = 0, string To = "");
