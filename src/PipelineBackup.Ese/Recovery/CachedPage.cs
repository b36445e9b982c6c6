namespace PipelineBackup.Ese;

/// <summary>A page in the cache of a database under recovery; valid until the cache is next trimmed.</summary>
internal sealed class CachedPage
{
    /// <summary>Its number.</summary>
    public PageNumber Number { get; init; }

    /// <summary>As it stands.</summary>
    public PageView View => throw new NotImplementedException();

    /// <summary>Whether it holds changes that the file does not.</summary>
    public bool IsDirty { get; }

    /// <summary>Marks it changed and lets it be edited.</summary>
    public PageEditor Edit() => throw new NotImplementedException();
}
