namespace PipelineBackup.Laws;

/// <summary>How a law is held.</summary>
internal static class Law
{
    /// <summary>Fails with every violation in full.</summary>
    public static void Holds(IEnumerable<string> violations)
    {
        var all = violations.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }
}
