namespace PipelineBackup.Shared;

/// <summary>What must be on disk before a name may point to it, and how a name is taken without replacing another's file.</summary>
internal static class DurableFile
{
}
