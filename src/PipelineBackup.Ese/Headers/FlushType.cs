namespace PipelineBackup.Ese;

/// <summary>
/// A two-bit counter that each logged write of a page moves on, 1, 2, 3, 1, …: on the page (bits 15 and 16 of the flags
/// at offset 36) and in the flush map. The engine calls the three rock, paper and scissors.
/// </summary>
public enum FlushType : byte
{
    /// <summary>Not known: the page was never written with a counter, or the map forgot.</summary>
    Unknown = 0,

    /// <summary>First, and the one after <see cref="Scissors"/>.</summary>
    Rock = 1,

    /// <summary>Second.</summary>
    Paper = 2,

    /// <summary>Third.</summary>
    Scissors = 3,
}
