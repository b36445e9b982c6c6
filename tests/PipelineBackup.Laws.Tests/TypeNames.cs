using System.Reflection;

namespace PipelineBackup.Laws;

/// <summary>Names of types as they stand in source.</summary>
internal static class TypeNames
{
    private static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort",
        [typeof(int)] = "int", [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong",
        [typeof(nint)] = "nint", [typeof(double)] = "double", [typeof(float)] = "float", [typeof(char)] = "char",
    };

    /// <summary>The name without arguments.</summary>
    public static string Simple(Type type) => type.Name.Split('`')[0];

    /// <summary>The name of a type, for instance <c>IReadOnlyList&lt;string&gt;</c>.</summary>
    public static string Of(Type type)
    {
        if (type.IsByRef)
            return Of(type.GetElementType()!);
        if (type.IsArray)
            return Of(type.GetElementType()!) + "[]";
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Of(value) + "?";
        if (s_keywords.TryGetValue(type, out string? keyword))
            return keyword;
        return Nesting(type) + WithArguments(type, type.GetGenericArguments().Select(Of));
    }

    /// <summary>The name of a type with what is known of null.</summary>
    public static string Of(NullabilityInfo known)
    {
        var type = known.Type.IsByRef ? known.Type.GetElementType()! : known.Type;
        if (type.IsValueType && known.GenericTypeArguments.Length == 0)
            return Of(type);
        string mark = !type.IsValueType && known.ReadState == NullabilityState.Nullable ? "?" : "";
        if (type.IsArray && known.ElementType is { } element)
            return Of(element) + "[]" + mark;
        return Nullable.GetUnderlyingType(type) is not null || known.GenericTypeArguments.Length == 0
            ? Of(type) + mark
            : Nesting(type) + WithArguments(type, known.GenericTypeArguments.Select(Of)) + mark;
    }

    private static string Nesting(Type type) =>
        type.IsNested && !type.IsGenericParameter ? Simple(type.DeclaringType!) + "." : "";

    private static string WithArguments(Type type, IEnumerable<string> arguments) =>
        type.IsGenericType ? $"{Simple(type)}<{string.Join(", ", arguments)}>" : Simple(type);
}
