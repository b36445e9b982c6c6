namespace PipelineBackup.Ese;

/// <summary>
/// The mark that every write of a page advances (rock, paper, scissors, rock, …). The flush map remembers the last one,
/// so a write that never reached the disk shows as a page with an older mark.
/// </summary>
public enum FlushType : byte
{
    /// <summary>
    /// Not known: a page that was never written, or one the map does not know. Compares with nothing.
    /// </summary>
    Unknown = 0,

    /// <summary>Rock, the mark of a first write.</summary>
    Rock = 1,

    /// <summary>Paper.</summary>
    Paper = 2,

    /// <summary>Scissors; rock comes next.</summary>
    Scissors = 3,
}
