namespace PipelineBackup.Ese;

/// <summary>The logs of one folder as soft recovery takes them, after they were judged.</summary>
/// <param name="chain">The logs.</param>
/// <param name="last">The last generation that is replayed.</param>
internal sealed class SoftLogSupply(LogChain chain, LogGeneration last) : LogSupply
{
    /// <inheritdoc/>
    public override LogGeneration Last => last;

    /// <inheritdoc/>
    public override SuppliedLog? Open(LogGeneration generation)
    {
        if (generation > last)
            return null;
        var file = chain.Find(generation) ?? throw new EseException(EseError.MissingLogFile,
            $"generation {generation} is missing", "take it from a backup");
        return new(file, file.OpenRecords(), generation == last);
    }
}
