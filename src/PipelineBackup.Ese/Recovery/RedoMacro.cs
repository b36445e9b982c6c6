namespace PipelineBackup.Ese;

/// <summary>Stand-in until the real one is merged.</summary>
internal static class RedoMacro
{
    /// <summary>Replays a macro.</summary>
    public static void Apply(RedoContext context, MacroRecords macro)
    {
        _ = (context, macro);
        throw new NotImplementedException();
    }
}
