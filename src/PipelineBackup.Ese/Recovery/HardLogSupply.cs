namespace PipelineBackup.Ese;

/// <summary>The logs of a restore: first those of the backup set, then those to roll forward with, all judged.</summary>
/// <param name="disk">The disk that they are on.</param>
/// <param name="set">The logs of the set.</param>
/// <param name="rollForward">The logs to roll forward with.</param>
/// <param name="high">The last generation of the set.</param>
/// <param name="last">The last generation that is replayed.</param>
internal sealed class HardLogSupply(
    IDisk disk, LogChain set, LogChain rollForward, LogGeneration high, LogGeneration last) : LogSupply
{
    /// <inheritdoc/>
    public override LogGeneration Last => last;

    /// <inheritdoc/>
    public override SuppliedLog? Open(LogGeneration generation)
    {
        if (generation > last)
            return null;
        bool isOfSet = generation <= high;
        if ((isOfSet ? set : rollForward).Find(generation) is not { Path: { } path } log || !disk.FileExists(path))
        {
            throw new EseException(isOfSet ? EseError.FileNotFound : EseError.MissingCurrentLogFiles,
                $"generation {generation} was there when the restore began and is gone",
                "nothing may change the logs while a restore reads them");
        }

        return new(log, log.OpenRecords(), generation == last);
    }
}
